-- The first token of a session. Some of what is of no use any more goes, whosever it was.
with gone as (
    delete from identity.refresh_token
    where ctid in (
        select ctid from identity.refresh_token where tenant_id = $1 and expires_at <= now() order by expires_at limit 100
    )
), unused as (
    delete from identity.session_use
    where ctid in (
        -- For as long as a session could be taken for one that goes on, it is told that it does not.
        select ctid from identity.session_use where tenant_id = $1 and expires_at <= now() - $6 order by expires_at limit 100
    )
), used as (
    insert into identity.session_use (tenant_id, session_id, used_at, expires_at) values ($1, $3, now(), now() + least($6, $7))
)
insert into identity.refresh_token (tenant_id, digest, session_id, user_id, epoch, expires_at)
values ($1, $2, $3, $4, $5, now() + $6)
returning expires_at
