-- A new link of a purpose and user: whatever an earlier one was good for, it is good for nothing now.
insert into identity.link (tenant_id, purpose, user_id, digest, epoch, detail, expires_at)
values ($1, $2, $3, $4, $5, $6, now() + $7)
on conflict on constraint link_key do update
set digest = excluded.digest, epoch = excluded.epoch, detail = excluded.detail, made_at = now(),
    expires_at = excluded.expires_at
