-- How a token was spent, and whether its successor was used since.
select s.issued_at, t.spent_by, t.nonce,
    t.spent_at > now() - $3 as is_recent,
    coalesce(s.spent_at is null, false) as is_latest
from identity.refresh_token as t
left join identity.refresh_token as s on s.tenant_id = t.tenant_id and s.digest = t.successor
where t.tenant_id = $1 and t.digest = $2 and t.spent_at is not null
