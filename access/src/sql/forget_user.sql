with passwords as (
    delete from identity.password where tenant_id = $1 and user_id = $2
)
delete from identity.refresh_token where tenant_id = $1 and user_id = $2
