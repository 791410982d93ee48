-- The position up to which all of these read models show the tenant's events, and the end of the log. A tenant that
-- stands still in one of them has reached only the event before the one that could not be folded, wherever the read
-- model is.
select min(least(coalesce(checkpoint.position, 0), parked.position - 1)), (select position from log.head)
from unnest($1::text[]) as wanted (view)
left join read_model.checkpoint using (view)
left join read_model.parked using (view)
