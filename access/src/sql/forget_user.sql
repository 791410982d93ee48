with passwords as (
    delete from identity.password where tenant_id = $1 and user_id = $2
), links as (
    delete from identity.link where tenant_id = $1 and user_id = $2
), mails as (
    delete from identity.mail where tenant_id = $1 and user_id = $2
), factors as (
    delete from identity.second_factor where tenant_id = $1 and user_id = $2
), codes as (
    delete from identity.recovery_code where tenant_id = $1 and user_id = $2
), trail as (
    update trail.entry set address = null, agent = null where tenant_id = $1 and actor = $2::text
), providers as (
    delete from identity.provider_link where tenant_id = $1 and user_id = $2
), sign_ins as (
    delete from identity.provider_sign_in where tenant_id = $1 and user_id = $2
), keys as (
    delete from identity.api_key where tenant_id = $1 and user_id = $2
)
delete from identity.refresh_token where tenant_id = $1 and user_id = $2
