select k.tenant_id, k.aggregate_type, k.aggregate_id
from identity.person_key as k
where k.wrapped is null and not exists (
    select from log.event as e
    where e.position = k.erased_at and e.tenant_id = k.tenant_id and e.event_type like '%.erased'
)
order by k.erased_at limit 1
