-- Whoever tells which tokens have ended also hears what a tenant asks of its users, since keys go by it.
create policy identity_reads_policies on log.event for select to crm_identity
    using (aggregate_type = 'identity.policy');
create index event_policy on log.event (position) where aggregate_type = 'identity.policy';
