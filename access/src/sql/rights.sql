-- How long the log is, and what ended tokens or changed organisations since a position, in order: one row without an event
-- if there is none.
select h.position as head, e.position, e.tenant_id, e.aggregate_type, e.aggregate_id, e.event_type, e.sequence,
    floor(extract(epoch from e.recorded_at))::bigint as recorded_at
from log.head as h left join lateral (
    select * from (
        (
            select position, tenant_id, aggregate_type, aggregate_id, event_type, sequence, recorded_at
            from log.event
            where aggregate_type in ('identity.user', 'identity.session') and position > $1
            order by position limit $2
        )
        union all
        (
            select position, tenant_id, aggregate_type, aggregate_id, event_type, sequence, recorded_at
            from log.event
            where aggregate_type in ('identity.custom_role', 'identity.team') and position > $1
            order by position limit $2
        )
        union all
        (
            select position, tenant_id, aggregate_type, aggregate_id, event_type, sequence, recorded_at
            from log.event
            where aggregate_type = 'identity.policy' and position > $1
            order by position limit $2
        )
    ) as any_of_them
    order by position limit $2
) as e on true
order by e.position
