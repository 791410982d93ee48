-- A refresh token, unless its session is over or was not used for too long.
select t.session_id, t.user_id, t.epoch, t.expires_at
from identity.refresh_token as t
left join identity.session_use as u on u.tenant_id = t.tenant_id and u.session_id = t.session_id
where t.tenant_id = $1 and t.digest = $2 and t.expires_at > now() and coalesce(u.expires_at > now(), true)
