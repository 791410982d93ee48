-- Spends a token, unless it was spent: of those who try at once, one finds it unspent. Its successor begins.
with spent as (
    update identity.refresh_token
    set spent_at = now(), spent_by = $3, nonce = $4, successor = $5
    where tenant_id = $1 and digest = $2 and spent_at is null and expires_at > now()
    returning tenant_id, session_id, user_id, epoch, expires_at
), used as (
    insert into identity.session_use (tenant_id, session_id, used_at, expires_at)
    select tenant_id, session_id, now(), least(expires_at, now() + $7) from spent
    on conflict (tenant_id, session_id) do update set used_at = excluded.used_at, expires_at = excluded.expires_at
), begun as (
    insert into identity.refresh_token (tenant_id, digest, session_id, user_id, epoch, issued_at, expires_at)
    select tenant_id, $5, session_id, user_id, epoch, $6, expires_at from spent
    returning issued_at
)
select issued_at from begun
