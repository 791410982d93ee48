-- What ended tokens since a position, in order.
select position, tenant_id, aggregate_id, event_type, sequence, extract(epoch from recorded_at)::bigint as recorded_at
from log.event
where aggregate_type in ('identity.user', 'identity.session') and position > $1
order by position limit $2
