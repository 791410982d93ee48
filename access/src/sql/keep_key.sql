with gone as (
    delete from identity.api_key
    where ctid in (
        select ctid from identity.api_key where tenant_id = $1 and expires_at <= now() order by expires_at limit 100
    )
)
insert into identity.api_key (tenant_id, id, user_id, digest, expires_at) values ($1, $2, $3, $4, $5)
