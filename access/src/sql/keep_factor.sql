-- A secret that nobody is asked for yet, in place of the one that the user was told before. Some of what nobody confirmed in
-- time goes, whosever it was.
with gone as (
    delete from identity.second_factor
    where ctid in (
        select ctid from identity.second_factor
        where tenant_id = $1 and expires_at <= now() and user_id <> $2 order by expires_at limit 100
    )
)
insert into identity.second_factor (tenant_id, user_id, id, secret, expires_at, master, algorithm)
values ($1, $2, $3, $4, now() + $5, $6, $7)
on conflict (tenant_id, user_id) where expires_at is not null do update
set id = excluded.id, secret = excluded.secret, master = excluded.master, algorithm = excluded.algorithm, last_step = 0,
    made_at = now(), expires_at = excluded.expires_at
