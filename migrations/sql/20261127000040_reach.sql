-- Those whose role reaches to some owners only read in a role of their own: row-level security shows them what these own,
-- whatever a query asks for or forgets to. The owners are set inside the transaction, like the tenant.
do $$
begin
    begin
        create role crm_scoped_reader nologin;
    exception
        when duplicate_object or unique_violation then null;
    end;
    if not pg_has_role(current_user, 'crm_scoped_reader', 'set') then
        execute format('grant crm_scoped_reader to %I', current_user);
    end if;
end
$$;
grant usage on schema log, read_model to crm_scoped_reader;

-- The owners whose records the current transaction may show; none unless it says so.
create function read_model.owners() returns text[]
    language sql stable parallel safe
    return coalesce(nullif(current_setting('crm.owners', true), '')::text[], '{}');

-- The subqueries without a table are there to be evaluated once, and not for each row.
grant select on read_model.sales_lead_list, read_model.sales_opportunity_list to crm_scoped_reader;
create policy scoped_reader_reads on read_model.sales_lead_list for select to crm_scoped_reader
    using (tenant_id = log.tenant() and owner = any ((select read_model.owners())::text[]));
create policy scoped_reader_reads on read_model.sales_opportunity_list for select to crm_scoped_reader
    using (tenant_id = log.tenant() and owner = any ((select read_model.owners())::text[]));

-- What happened to a thing, and where it was, is shown to whoever is shown the thing.
grant select on read_model.sales_stage_stay, read_model.sales_history, log.event to crm_scoped_reader;
create policy scoped_reader_reads on read_model.sales_stage_stay for select to crm_scoped_reader
    using (tenant_id = log.tenant() and exists (
        select from read_model.sales_opportunity_list as deal
        where deal.tenant_id = sales_stage_stay.tenant_id and deal.id = sales_stage_stay.opportunity_id
    ));
create policy scoped_reader_reads on read_model.sales_history for select to crm_scoped_reader
    using (tenant_id = log.tenant() and (
        exists (
            select from read_model.sales_lead_list as lead
            where lead.tenant_id = sales_history.tenant_id and lead.id = sales_history.aggregate_id
        ) or exists (
            select from read_model.sales_opportunity_list as deal
            where deal.tenant_id = sales_history.tenant_id and deal.id = sales_history.aggregate_id
        )
    ));
create policy scoped_reader_reads on log.event for select to crm_scoped_reader
    using (tenant_id = log.tenant() and (
        aggregate_type = 'sales.lead' and exists (
            select from read_model.sales_lead_list as lead
            where lead.tenant_id = event.tenant_id and lead.id = event.aggregate_id
        ) or aggregate_type = 'sales.opportunity' and exists (
            select from read_model.sales_opportunity_list as deal
            where deal.tenant_id = event.tenant_id and deal.id = event.aggregate_id
        )
    ));

-- What nobody owns. The counts of all rows of a tenant are not among it: they would tell how many there are of others.
grant select on read_model.sales_pipeline_list, read_model.parked, read_model.checkpoint, log.head to crm_scoped_reader;
create policy scoped_reader_reads on read_model.sales_pipeline_list for select to crm_scoped_reader
    using (tenant_id = log.tenant());
create policy scoped_reader_reads on read_model.parked for select to crm_scoped_reader
    using (tenant_id = log.tenant());

-- Whoever tells which tokens have ended also hears when roles and teams change.
create policy identity_reads_organisations on log.event for select to crm_identity
    using (aggregate_type in ('identity.custom_role', 'identity.team'));
create index event_organisation on log.event (position)
    where aggregate_type in ('identity.custom_role', 'identity.team');
