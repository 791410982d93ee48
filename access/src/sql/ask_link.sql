-- What a link is to bring about whose token is made when its mail goes. What an earlier one was to bring about, it does not.
insert into identity.link (tenant_id, purpose, user_id, epoch, detail, expires_at)
values ($1, $2, $3, $4, $5, now() + $6)
on conflict on constraint link_key do update
set digest = null, epoch = excluded.epoch, detail = excluded.detail, made_at = now(), expires_at = excluded.expires_at
