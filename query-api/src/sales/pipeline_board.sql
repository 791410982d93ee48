-- The board of pipeline $1: its live stages in order, each with what its open deals come to and the $2 of them that
-- have been in it longest.
with stage as (
    select s.stage, (s.stage ->> 'id')::uuid as id, s.place
    from read_model.sales_pipeline_list as p
    cross join jsonb_array_elements(p.doc -> 'stages') with ordinality as s (stage, place)
    where p.id = $1
), per_currency as (
    select
        stage_id, currency, count(*) as deals, sum(amount) as amount,
        -- All amounts of a currency have its decimal places.
        round(sum(weighted), max(scale(amount))) as weighted
    from read_model.sales_opportunity_list
    where pipeline_id = $1 and status = 'open'
    group by stage_id, currency
)
select stage.stage, sums.count, sums.without_amount, sums.totals, oldest.cards, oldest.last_since
from stage
cross join lateral (
    select
        coalesce(sum(deals), 0)::bigint as count,
        coalesce(sum(deals) filter (where currency is null), 0)::bigint as without_amount,
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'currency', currency, 'count', deals, 'amount', amount::text, 'weighted', weighted::text
                ) order by currency collate "C"
            ) filter (where currency is not null),
            '[]'
        ) as totals
    from per_currency
    where stage_id = stage.id
) as sums
cross join lateral (
    select
        coalesce(jsonb_agg(card.doc order by card.stage_since, card.id), '[]') as cards,
        max(card.stage_since) as last_since
    from (
        select doc, stage_since, id
        from read_model.sales_opportunity_list
        where pipeline_id = $1 and stage_id = stage.id and status = 'open'
        order by stage_since, id
        limit $2
    ) as card
) as oldest
order by stage.place
