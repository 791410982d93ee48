-- Deletes $2 entries that are older than $1 days, the oldest first. Whoever sweeps sees none that are younger than 30 days, and
-- leaves it to another process if that is at it.
delete from trail.entry
where ctid = any (array(
    select ctid from trail.entry
    where (select pg_try_advisory_xact_lock(hashtext('trail.entry'))) and at < now() - make_interval(days => $1)
    order by at
    limit $2
))
