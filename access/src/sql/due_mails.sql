-- Takes mails that are due, those that wait longest first, for a try of their own: nobody else tries them before $2 has gone
-- by, and then each time twice as long after that, up to $3. Who is at it already is not waited for.
update identity.mail as m
set attempts = m.attempts + 1, due_at = now() + least($2::interval * power(2, least(m.attempts, 20)), $3::interval)
from (
    select tenant_id, id from identity.mail where due_at <= now() order by due_at limit $1 for update skip locked
) as due
where m.tenant_id = due.tenant_id and m.id = due.id
returning m.tenant_id, m.id, m.kind, m.user_id, m.scope, m.address, m.attempts, m.expires_at <= now() as is_over
