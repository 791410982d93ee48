-- The sessions of a user that go on, the one that was used last before the others. $1: the user.
select session.id, session.started_at,
    coalesce(used.used_at, session.started_at) as used_at
from read_model.identity_session_list as session
left join read_model.identity_session_list as everywhere
    on everywhere.tenant_id = session.tenant_id and everywhere.id = session.user_id
left join identity.session_use as used
    on used.tenant_id = session.tenant_id and used.session_id = session.id
where session.user_id = $1
    and session.started > coalesce(everywhere.ended, 0)
    -- Of one that began before its use was kept, the start tells when it is over.
    and session.started_at > now() - interval '7 days' and coalesce(used.expires_at > now(), true)
order by used_at desc, session.id
limit 200
