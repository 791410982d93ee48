-- A sign-in that begins. Some of those that nobody ended go, whosever they were.
with gone as (
    delete from identity.provider_sign_in
    where ctid in (
        select ctid from identity.provider_sign_in where tenant_id = $1 and expires_at <= now() order by expires_at limit 100
    )
)
insert into identity.provider_sign_in (tenant_id, digest, browser, version, session_id, expires_at)
values ($1, $2, $3, $4, $5, now() + $6)
