-- Destroys all keys of some persons. What remains of each tells that this was on purpose, and by the event at which position.
-- Runs inside the gate and after the guards, so it sees every key that was made before.
update identity.person_key as k set wrapped = null, erased_at = d.position
from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as d (tenant_id, person, position)
where (k.tenant_id, k.person) = (d.tenant_id, d.person) and k.wrapped is not null
