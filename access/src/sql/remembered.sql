-- A position before which nothing that ended tokens need be remembered any more.
select coalesce((
    select position from log.event
    where aggregate_type in ('identity.user', 'identity.session') and recorded_at < now() - $1
    order by recorded_at desc limit 1
), 0)
