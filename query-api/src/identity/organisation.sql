-- What happened to the custom roles and teams of the tenant, in order.
from log.event
where tenant_id = log.tenant() and aggregate_type in ('identity.custom_role', 'identity.team')
order by aggregate_id, position
