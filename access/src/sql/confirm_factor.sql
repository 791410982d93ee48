-- A factor of which the user has shown a code, under an id of its own, with recovery codes. An event is about to name it.
with confirmed as (
    update identity.second_factor set last_step = $4
    where tenant_id = $1 and user_id = $2 and id = $3 and last_step < $4
    returning tenant_id, user_id, secret, master, algorithm, last_step
), kept as (
    insert into identity.second_factor (tenant_id, user_id, id, secret, master, algorithm, last_step)
    select tenant_id, user_id, $5, secret, master, algorithm, last_step from confirmed
    returning id
), codes as (
    insert into identity.recovery_code (tenant_id, user_id, factor_id, digest)
    select $1, $2, id, digest from kept, unnest($6::bytea[]) as told (digest)
)
select id from kept
