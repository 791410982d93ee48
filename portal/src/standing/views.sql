-- How far each read model is. The oldest event that it has not folded tells how many seconds it is behind.
select
    named.view,
    coalesce(c.position, 0) as position,
    coalesce(extract(epoch from clock_timestamp() - next.recorded_at), 0)::float8 as behind_seconds,
    (select count(*) from read_model.parked as p where p.view = named.view) as parked
from unnest($1::text[]) with ordinality as named (view, o)
left join read_model.checkpoint as c on c.view = named.view
left join log.event as next on next.position = coalesce(c.position, 0) + 1
order by named.o
