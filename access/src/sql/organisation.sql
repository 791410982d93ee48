-- What happened to the custom roles, the teams and the policy of the tenant of the transaction, each in the order in which it did.
from log.event
where tenant_id = log.tenant() and aggregate_type in ('identity.custom_role', 'identity.team', 'identity.policy')
order by position
