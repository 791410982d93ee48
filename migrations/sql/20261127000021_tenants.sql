-- Which tenants there are: few events among many.
create index event_of_tenants on log.event (position) where aggregate_type = 'identity.tenant';
