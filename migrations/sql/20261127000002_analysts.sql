-- Analysts read the read models of one tenant with SQL of their own. Which tenant that is hangs on the login, which SQL
-- cannot change, as it could a setting.
do $$
begin
    create role crm_analyst nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;

create schema identity;
grant usage on schema identity to crm_analyst;

-- The tenant of each analyst's login. A login sees its own row, and only whoever runs `crm analyst` writes here.
create table identity.analyst (
    tenant_id uuid not null,
    login name not null,
    created_at timestamptz not null default now(),
    constraint analyst_key primary key (tenant_id, login),
    constraint analyst_login_key unique (login)
);
alter table identity.analyst enable row level security;
alter table identity.analyst force row level security;
grant select on identity.analyst to crm_analyst;
create policy analyst_reads on identity.analyst for select to crm_analyst using (login = session_user);

create function identity.analyst_tenant() returns uuid
    language sql stable parallel safe
    return (select tenant_id from identity.analyst where login = session_user);

-- Lets analysts read a read model, in which they see their tenant.
create function read_model.open_to_analysts(rows regclass) returns void language plpgsql as $$
begin
    execute format('grant select on %s to crm_analyst', rows);
    execute format('create policy analyst_reads on %s for select to crm_analyst
        using (tenant_id = (select identity.analyst_tenant()))', rows);
end
$$;
grant usage on schema read_model to crm_analyst;
-- Not the list of users: who they are and how to reach them is no matter of analysis.
select read_model.open_to_analysts('read_model.sales_pipeline_list');
select read_model.open_to_analysts('read_model.sales_lead_list');
select read_model.open_to_analysts('read_model.sales_opportunity_list');
select read_model.open_to_analysts('read_model.sales_stage_stay');
select read_model.open_to_analysts('read_model.sales_history');
