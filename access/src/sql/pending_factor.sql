-- The newest secret that a user was told within the last minutes, but for the one that is asked for already.
select id, secret, master, algorithm from identity.second_factor
where tenant_id = $1 and user_id = $2 and id is distinct from $3 and made_at > now() - $4
order by made_at desc limit 1
