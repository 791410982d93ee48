delete from identity.password as old
using identity.password as current
where old.tenant_id = $1 and old.user_id = $2
    and current.tenant_id = $1 and current.user_id = $2 and current.id = $3
    and old.made_at < current.made_at
