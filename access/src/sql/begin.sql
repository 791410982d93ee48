-- The first token of a session. What is of no use any more to the same user goes.
with gone as (
    delete from identity.refresh_token where tenant_id = $1 and user_id = $4 and expires_at <= now()
)
insert into identity.refresh_token (tenant_id, digest, session_id, user_id, epoch, expires_at)
values ($1, $2, $3, $4, $5, now() + $6)
returning expires_at
