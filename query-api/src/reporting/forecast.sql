-- What the open deals (of pipeline $3) come to, by currency and by when they should be decided: before month $1, in one
-- of the months until before $2, later, or nobody knows.
select
    bucket,
    currency,
    count(*) as count,
    sum(amount)::text as amount,
    -- All amounts of a currency have its decimal places.
    round(sum(weighted), max(scale(amount)))::text as weighted
from (
    select
        case
            when expected_close is null then 'undated'
            when expected_close < $1::date then 'overdue'
            when expected_close >= $2::date then 'later'
            else to_char(expected_close, 'YYYY-MM')
        end as bucket,
        currency, amount, weighted
    from read_model.sales_opportunity_list
    where status = 'open' and ($3::uuid is null or pipeline_id = $3)
) as deal
group by bucket, currency
order by bucket collate "C", currency collate "C"
