-- Entries of all tenants. One that comes again, since its answer was lost, is kept once.
insert into trail.entry (
    tenant_id, id, at, until, kind, actor, key_id, address, agent, correlation_id, trace_id, code, method, route,
    permission, record_id, count, detail
)
select *
from unnest(
    $1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::uuid[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::uuid[],
    $17::bigint[], $18::jsonb[]
)
on conflict do nothing
