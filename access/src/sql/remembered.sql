-- The last position whose end of tokens need not be remembered any more.
select coalesce((
    select position from log.event
    where aggregate_type in ('identity.user', 'identity.session') and recorded_at < now() - $1
    order by position desc limit 1
), 0)
