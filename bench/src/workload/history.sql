-- Copies $1 to $2 of the first $4 events of the log, in order, with ids and positions of their own, as the appender would
-- have written them: dense positions under the head, times that never go back. If $3, each copy is of a tenant of its
-- own; else all are of the tenant of the sample, whose pipeline they share.
--
-- An id keeps its random half and gets a later time in front, so that ids of a copy follow each other as UUIDs of
-- version 7 do.
with sample as materialized (
    select *, case when $3 then position else position - 1 end as place
    from log.event
    where position <= $4 and ($3 or position > 1)
), size as (
    select max(place) as events from sample
), head as materialized (
    select last_position as base, greatest(last_recorded_at, clock_timestamp()) as recorded_at from log.enter()
), tenant as (
    select copy, case when $3 then uuidv7() end as id from generate_series($1::bigint, $2::bigint) as copy
)
insert into log.event (
    position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, event_version,
    payload, metadata, recorded_at
)
select
    head.base + (tenant.copy - $1) * size.events + s.place,
    coalesce(tenant.id, s.tenant_id),
    s.aggregate_type,
    case
        when s.aggregate_type = 'sales.pipeline' then s.aggregate_id
        else (
            lpad(to_hex(
                ('x' || translate(left(s.aggregate_id::text, 13), '-', ''))::bit(48)::bigint + tenant.copy * 60000
            ), 12, '0') || substr(translate(s.aggregate_id::text, '-', ''), 13)
        )::uuid
    end,
    s.sequence,
    uuidv7(),
    s.event_type,
    s.event_version,
    s.payload,
    s.metadata,
    head.recorded_at
from head, size, tenant, sample as s
order by tenant.copy, s.place
