-- A new link of a purpose and user: what an earlier one was good for, it is good for nothing now. Unless $8 is null, one that
-- was sent within $8 is the last for now; whoever comes at the same time waits for the row here, and then sees it. With $9, the
-- one before stays good until its time is over, unless something else has ended it: it must not come to life again.
insert into identity.link as kept (tenant_id, purpose, user_id, digest, epoch, detail, expires_at)
values ($1, $2, $3, $4, $5, $6, now() + $7)
on conflict on constraint link_key do update
set digest = excluded.digest, epoch = excluded.epoch, detail = excluded.detail, made_at = now(),
    expires_at = excluded.expires_at,
    earlier_digest = case when $9 and kept.epoch = excluded.epoch and kept.detail = excluded.detail then kept.digest end,
    earlier_expires_at = kept.expires_at
where $8::interval is null or kept.digest is null or kept.made_at <= now() - $8
