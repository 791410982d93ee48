-- One batch in one statement. Every part reads "head", so the gate is entered before anything else is touched.
with head as materialized (
    select last_position as base, greatest(last_recorded_at, clock_timestamp()) as recorded_at from log.enter()
), added as (
    insert into log.event (
        position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, event_version,
        payload, metadata, recorded_at
    )
    select
        head.base + e.o, e.tenant_id, e.aggregate_type, e.aggregate_id,
        -- Zero, and so refused, if the event before it is in neither the log nor the batch: then whoever decided this
        -- one knows a history that the log has lost, as after a restore.
        -- No "exists": of that, a plan that was cached while the log was empty may read all of it, under the gate.
        case when e.follows or (
            select true from log.event as p
            where (p.tenant_id, p.aggregate_type, p.aggregate_id) = (e.tenant_id, e.aggregate_type, e.aggregate_id)
                and p.sequence = e.sequence - 1
            limit 1
        ) then e.sequence else 0 end,
        e.event_id, e.event_type, e.event_version, e.payload::jsonb, e.metadata::jsonb, head.recorded_at
    from head, unnest(
        $2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::uuid[], $7::text[], $8::integer[], $9::text[], $10::text[],
        $22::boolean[]
    ) with ordinality as e (
        tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, event_version, payload, metadata,
        follows, o
    )
), answered as (
    insert into log.idempotency (tenant_id, key, request_hash, answer, position, recorded_at)
    select i.tenant_id, i.key, i.request_hash, i.answer::jsonb, head.base + i.events_before, head.recorded_at
    from head, unnest($11::uuid[], $12::text[], $13::bytea[], $14::text[], $15::bigint[])
        as i (tenant_id, key, request_hash, answer, events_before)
), released as (
    -- By place, so that a plan cached while the table was empty does not read all of it. Claims are never updated.
    delete from log.claim
    using head
    where claim.ctid = any (array(
        select c.ctid
        from unnest($16::uuid[], $17::text[], $18::text[]) as r (tenant_id, scope, value)
        cross join lateral (
            select c.ctid from log.claim as c
            where (c.tenant_id, c.scope, c.value) = (r.tenant_id, r.scope, r.value) limit 1
        ) as c
    ))
), claimed as (
    insert into log.claim (tenant_id, scope, value)
    select c.tenant_id, c.scope, c.value
    from head, unnest($19::uuid[], $20::text[], $21::text[]) as c (tenant_id, scope, value)
), sealing as (
    -- A stream has one key. Two processes that make one at once also write the same event, so only one of them gets through.
    insert into identity.person_key (tenant_id, aggregate_type, aggregate_id, person, tenant_key, wrapped)
    select
        k.tenant_id, k.aggregate_type, k.aggregate_id, k.person,
        -- Nothing, and so refused, if the tenant's key is gone or another one, as after a restore.
        (select t.id from identity.tenant_key as t where (t.tenant_id, t.id) = (k.tenant_id, k.tenant_key) limit 1),
        k.wrapped
    from head, unnest($23::uuid[], $24::text[], $25::uuid[], $26::uuid[], $27::uuid[], $28::bytea[])
        as k (tenant_id, aggregate_type, aggregate_id, person, tenant_key, wrapped)
)
select base, recorded_at, pg_notify('crm_log', (base + $1)::text) is null as told from head
