-- The last position up to which all of the tenant's events were recorded before $1. Since recorded_at never decreases
-- with the position, halving finds it in a few look-ups: all events up to "low" were, none from "high" on was.
with recursive halving (low, high) as (
    select 0::bigint, position + 1 from log.head
    union all
    select
        case when probe.before then half.way else low end,
        case when probe.before then high else half.way end
    from halving
    cross join lateral (select (low + high) / 2 as way) as half
    cross join lateral (
        select coalesce((
            select recorded_at < $1 from log.event where position <= half.way order by position desc limit 1
        ), true) as before
    ) as probe
    where high - low > 1
)
select max(low) from halving
