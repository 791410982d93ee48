-- The link that a token opens: the newest of its purpose, or the one before that stays good beside it.
select user_id, epoch, detail from identity.link
where tenant_id = $1 and purpose = $3
    and ((digest = $2 and expires_at > now()) or (earlier_digest = $2 and earlier_expires_at > now()))
