-- The guards that no longer hold, by the number of their command. Runs under the lock of the head.
select g.command
from unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[])
    as g (command, tenant_id, aggregate_type, aggregate_id, sequence)
where exists (
    select from log.event as e
    where (e.tenant_id, e.aggregate_type, e.aggregate_id) = (g.tenant_id, g.aggregate_type, g.aggregate_id)
        and e.sequence = g.sequence + 1
)
union all
select g.command
from unnest($6::bigint[], $7::uuid[], $8::text[]) as g (command, tenant_id, scope)
where exists (select from log.claim as c where (c.tenant_id, c.scope) = (g.tenant_id, g.scope))
