-- Deals grouped by $1 (for "custom", by the field $2): of pipeline $3, with an amount in currency $4, closed from day
-- $5 until before day $6, or open and opened before day $6. The row of which "total" is true is that of all groups.
with deal as (
    select
        case $1::text
            when 'owner' then owner
            when 'product' then product
            when 'account' then account
            when 'source' then source
            when 'stage' then stage_id::text
            when 'close_month' then to_char(closed_on, 'YYYY-MM')
            when 'close_quarter' then to_char(closed_on, 'YYYY-"Q"Q')
            when 'custom' then doc -> 'custom' ->> $2::text
        end as key,
        status, amount, currency, days_to_close
    from read_model.sales_opportunity_list
    where ($3::uuid is null or pipeline_id = $3)
        and ($4::text is null or currency = $4)
        and (
            status = 'open' and ($6::date is null or opened_on < $6)
            or status <> 'open' and ($5::date is null or closed_on >= $5) and ($6 is null or closed_on < $6)
        )
), figures as (
    select
        grouping(key) = 1 as total,
        key,
        count(*) filter (where status = 'open') as open,
        count(*) filter (where status = 'won') as won,
        count(*) filter (where status = 'lost') as lost,
        avg(days_to_close) filter (where status = 'won') as days
    from deal
    group by grouping sets ((key), ())
), won_value as (
    select
        total,
        key,
        jsonb_agg(
            jsonb_build_object('currency', currency, 'amount', amount::text) order by currency collate "C"
        ) as amounts
    from (
        select grouping(key) = 1 as total, key, currency, sum(amount) as amount
        from deal
        where status = 'won'
        group by grouping sets ((key, currency), (currency))
    ) as per_currency
    group by total, key
), stage as (
    select
        s.stage ->> 'id' as id, s.stage ->> 'name' as name,
        row_number() over (order by p.name collate "C", p.id, s.place) as place
    from read_model.sales_pipeline_list as p
    cross join jsonb_array_elements((p.doc -> 'stages') || (p.doc -> 'retired')) with ordinality as s (stage, place)
    where $1 = 'stage'
)
select
    f.total, f.key, stage.name as label, f.open, f.won, f.lost,
    coalesce(v.amounts, '[]') as won_value,
    round(f.won::numeric / nullif(f.won + f.lost, 0), 4)::float8 as win_rate,
    round(f.days, 1)::float8 as average_days_to_close
from figures as f
left join won_value as v on v.total = f.total and v.key is not distinct from f.key
left join stage on stage.id = f.key
order by f.total, stage.place, f.key collate "C" nulls last
