-- All that were kept before this one, and this one too if $3. A change that began later kept its own later.
delete from identity.client_secret
where tenant_id = $1
    and ($3 and id = $2 or made_at < (select made_at from identity.client_secret where tenant_id = $1 and id = $2))
