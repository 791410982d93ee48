-- The keys of some streams, each with what wraps it. The shape keeps to the primary keys, whatever the planner knew of the
-- tables when it made its plan.
select p.tenant_id, p.aggregate_type, p.aggregate_id, p.wrapped, t.id as tenant_key, t.master, t.wrapped as tenant_wrapped
from unnest($1::uuid[], $2::text[], $3::uuid[]) as k (tenant_id, aggregate_type, aggregate_id)
cross join lateral (
    select * from identity.person_key as p
    where (p.tenant_id, p.aggregate_type, p.aggregate_id) = (k.tenant_id, k.aggregate_type, k.aggregate_id)
    limit 1
) as p
cross join lateral (
    select * from identity.tenant_key as t where (t.tenant_id, t.id) = (p.tenant_id, p.tenant_key) limit 1
) as t
