-- The user who has an address, and the hashes that were kept for them.
select c.value::uuid as user_id, p.id as password_id, p.hash
from log.claim as c
left join identity.password as p on p.tenant_id = c.tenant_id and p.user_id = c.value::uuid
where c.tenant_id = $1 and c.scope = $2
