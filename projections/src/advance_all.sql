-- Takes the checkpoints of read models $1 from position $2 to $3, if the log has all of the events $4 with the ids $5.
with free as (
    -- Not those that are held by a rebuild, or by another runner: their read models wait by themselves.
    select view from read_model.checkpoint
    where view = any ($1::text[]) and position = $2::bigint
    order by view
    for update skip locked
), known as (
    -- The shape keeps to the primary key of the log, whatever the planner knows of it.
    select cardinality($4::bigint[]) = count(*) as all_of_it
    from unnest($4::bigint[], $5::uuid[]) as b (position, event_id)
    cross join lateral (
        select from log.event as e where e.position = b.position and e.event_id = b.event_id limit 1
    ) as e
)
update read_model.checkpoint as c set position = $3::bigint, moved_at = now()
from free, known
where c.view = free.view and known.all_of_it
returning c.view
