-- A sign-in goes on once, in the browser in which it began. One of somebody else's stays as it is.
delete from identity.provider_sign_in
where tenant_id = $1 and digest = $2 and browser = $3 and session_id is not distinct from $4 and expires_at > now()
returning version, user_id, made_at, expires_at
