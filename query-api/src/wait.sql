-- How far each of these read models is, in their order; where the tenant stands still in it; and the end of the log.
select
    coalesce(checkpoint.position, 0) as position, coalesce(checkpoint.revision, 0) as revision, checkpoint.moved_at,
    parked.position as parked, (select position from log.head) as head
from unnest($1::text[]) with ordinality as wanted (view, place)
left join read_model.checkpoint using (view)
left join read_model.parked using (view)
order by wanted.place
