with touched as (
    select distinct aggregate_type, aggregate_id
    from log.event
    where tenant_id = $1 and metadata ->> 'import' = $2
)
select
    t.aggregate_type,
    t.aggregate_id,
    bool_or(e.sequence = 1 and e.metadata ->> 'import' is not distinct from $2) as created,
    count(*) filter (where e.metadata ->> 'import' is distinct from $2) as later,
    max(e.recorded_at) filter (where e.metadata ->> 'import' is distinct from $2) as later_at
from touched as t
join log.event as e
    on e.tenant_id = $1 and e.aggregate_type = t.aggregate_type and e.aggregate_id = t.aggregate_id
group by t.aggregate_type, t.aggregate_id
order by min(e.position)
