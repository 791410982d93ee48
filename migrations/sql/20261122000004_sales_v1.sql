-- Read models of sales. Each row is one JSON document; what lists, filters and analysts need are columns of it.

create table read_model.sales_pipeline_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    constraint sales_pipeline_list_key primary key (tenant_id, id)
);
select read_model.secure('read_model.sales_pipeline_list');

create table read_model.sales_lead_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    company text generated always as (doc ->> 'company') stored,
    email text generated always as (doc ->> 'email') stored,
    phone text generated always as (doc ->> 'phone') stored,
    source text generated always as (doc ->> 'source') stored,
    owner text generated always as (doc ->> 'owner') stored,
    status text generated always as (doc ->> 'status') stored,
    score smallint generated always as ((doc ->> 'score')::smallint) stored,
    opportunity_id uuid generated always as ((doc ->> 'opportunity_id')::uuid) stored,
    captured_at timestamptz generated always as (read_model.instant(doc ->> 'captured_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    search tsvector generated always as (to_tsvector(
        'simple'::regconfig,
        coalesce(doc ->> 'name', '') || ' ' || coalesce(doc ->> 'company', '') || ' ' || coalesce(doc ->> 'email', '')
            || ' ' || coalesce(doc ->> 'phone', '') || ' ' || coalesce(doc ->> 'source', '')
            || ' ' || coalesce(doc ->> 'owner', '')
    )) stored,
    constraint sales_lead_list_key primary key (tenant_id, id)
);
create index sales_lead_list_status on read_model.sales_lead_list (tenant_id, status, captured_at desc, id);
create index sales_lead_list_captured_at on read_model.sales_lead_list (tenant_id, captured_at desc, id);
create index sales_lead_list_owner on read_model.sales_lead_list (tenant_id, owner, captured_at desc, id);
create index sales_lead_list_search on read_model.sales_lead_list using gin (search);
select read_model.secure('read_model.sales_lead_list');

create table read_model.sales_opportunity_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    pipeline_id uuid generated always as ((doc ->> 'pipeline_id')::uuid) stored,
    stage_id uuid generated always as ((doc ->> 'stage_id')::uuid) stored,
    status text generated always as (doc ->> 'status') stored,
    amount numeric generated always as ((doc -> 'amount' ->> 'amount')::numeric) stored,
    currency text generated always as (doc -> 'amount' ->> 'currency') stored,
    probability smallint generated always as ((doc ->> 'probability')::smallint) stored,
    weighted numeric generated always as (
        (doc -> 'amount' ->> 'amount')::numeric * (doc ->> 'probability')::numeric / 100
    ) stored,
    expected_close date generated always as (read_model.day(doc ->> 'expected_close')) stored,
    product text generated always as (doc ->> 'product') stored,
    account text generated always as (doc ->> 'account') stored,
    owner text generated always as (doc ->> 'owner') stored,
    source text generated always as (doc ->> 'source') stored,
    lead_id uuid generated always as ((doc ->> 'lead_id')::uuid) stored,
    opened_on date generated always as (read_model.day(doc ->> 'opened_at')) stored,
    closed_on date generated always as (read_model.day(doc ->> 'closed_on')) stored,
    days_to_close integer generated always as (
        read_model.day(doc ->> 'closed_on') - read_model.day(doc ->> 'opened_at')
    ) stored,
    opened_at timestamptz generated always as (read_model.instant(doc ->> 'opened_at')) stored,
    stage_since timestamptz generated always as (read_model.instant(doc ->> 'stage_since')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    search tsvector generated always as (to_tsvector(
        'simple'::regconfig,
        coalesce(doc ->> 'name', '') || ' ' || coalesce(doc ->> 'account', '') || ' ' || coalesce(doc ->> 'product', '')
            || ' ' || coalesce(doc ->> 'owner', '') || ' ' || coalesce(doc ->> 'source', '')
    )) stored,
    constraint sales_opportunity_list_key primary key (tenant_id, id)
);
create index sales_opportunity_list_board
    on read_model.sales_opportunity_list (tenant_id, pipeline_id, stage_id, stage_since, id)
    include (currency, amount, weighted)
    where status = 'open';
create index sales_opportunity_list_opened_at on read_model.sales_opportunity_list (tenant_id, opened_at desc, id);
create index sales_opportunity_list_closed_on on read_model.sales_opportunity_list (tenant_id, closed_on, id)
    where status <> 'open';
create index sales_opportunity_list_owner on read_model.sales_opportunity_list (tenant_id, owner, opened_at desc, id);
create index sales_opportunity_list_search on read_model.sales_opportunity_list using gin (search);
select read_model.secure('read_model.sales_opportunity_list');

-- One row for each stay of a deal in a stage.
create table read_model.sales_stage_stay (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    opportunity_id uuid generated always as ((doc ->> 'opportunity_id')::uuid) stored,
    pipeline_id uuid generated always as ((doc ->> 'pipeline_id')::uuid) stored,
    stage_id uuid generated always as ((doc ->> 'stage_id')::uuid) stored,
    stay integer generated always as ((doc ->> 'stay')::integer) stored,
    entered_at timestamptz generated always as (read_model.instant(doc ->> 'entered_at')) stored,
    left_at timestamptz generated always as (read_model.instant(doc ->> 'left_at')) stored,
    left_by text generated always as (doc ->> 'left_by') stored,
    constraint sales_stage_stay_key primary key (tenant_id, id)
);
create index sales_stage_stay_entered_at on read_model.sales_stage_stay (tenant_id, entered_at);
create index sales_stage_stay_left_at on read_model.sales_stage_stay (tenant_id, left_at) where left_at is not null;
select read_model.secure('read_model.sales_stage_stay');

-- One row for each event of a lead or an opportunity: what changed, from what, to what.
create table read_model.sales_history (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    aggregate_type text generated always as (doc ->> 'aggregate_type') stored,
    aggregate_id uuid generated always as ((doc ->> 'aggregate_id')::uuid) stored,
    sequence bigint generated always as ((doc ->> 'sequence')::bigint) stored,
    event_type text generated always as (doc ->> 'event_type') stored,
    actor text generated always as (doc ->> 'actor') stored,
    occurred_at timestamptz generated always as (read_model.instant(doc ->> 'occurred_at')) stored,
    constraint sales_history_key primary key (tenant_id, id)
);
create index sales_history_aggregate on read_model.sales_history (tenant_id, aggregate_id, sequence);
select read_model.secure('read_model.sales_history');
