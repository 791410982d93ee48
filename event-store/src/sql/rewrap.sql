-- Keys of tenants under another master key, $1. $2: tenants; $3: their keys, wrapped.
update identity.tenant_key as key set master = $1, wrapped = anew.wrapped
from unnest($2::uuid[], $3::bytea[]) as anew (tenant_id, wrapped)
where key.tenant_id = anew.tenant_id
