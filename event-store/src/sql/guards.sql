-- The guards that no longer hold, by the number of their command. Runs inside the gate.
-- The shape keeps to the keys: a plan that was cached while the log was empty would read all of it, with the gate closed.
select g.command
from unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[])
    as g (command, tenant_id, aggregate_type, aggregate_id, sequence)
cross join lateral (
    select from log.event as e
    where (e.tenant_id, e.aggregate_type, e.aggregate_id) = (g.tenant_id, g.aggregate_type, g.aggregate_id)
        and e.sequence = g.sequence + 1
    limit 1
) as moved
union all
select g.command
from unnest($6::bigint[], $7::uuid[], $8::text[]) as g (command, tenant_id, scope)
cross join lateral (
    select from log.claim as c where (c.tenant_id, c.scope) = (g.tenant_id, g.scope) limit 1
) as held
