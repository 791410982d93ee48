-- Secrets under another master key, $2. $3, $4: users and ids; $5: the secrets, sealed.
update identity.second_factor as factor set secret = anew.secret, master = $2
from unnest($3::uuid[], $4::uuid[], $5::bytea[]) as anew (user_id, id, secret)
where factor.tenant_id = $1 and factor.user_id = anew.user_id and factor.id = anew.id
