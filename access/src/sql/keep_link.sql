-- A new link of a purpose and user: whatever an earlier one was good for, it is good for nothing now. Unless $8 is null, one
-- that was sent within $8 stays; whoever comes at the same time waits for the row here, and then sees it.
insert into identity.link as kept (tenant_id, purpose, user_id, digest, epoch, detail, expires_at)
values ($1, $2, $3, $4, $5, $6, now() + $7)
on conflict on constraint link_key do update
set digest = excluded.digest, epoch = excluded.epoch, detail = excluded.detail, made_at = now(),
    expires_at = excluded.expires_at
where $8::interval is null or kept.digest is null or kept.made_at <= now() - $8
