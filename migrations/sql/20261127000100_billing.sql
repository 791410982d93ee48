-- Read models of billing: who issues invoices, to whom, under which numbers, and the invoices.
create table read_model.billing_legal_entity_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    country text generated always as (doc ->> 'country') stored,
    currency text generated always as (doc ->> 'currency') stored,
    registered_at timestamptz generated always as (read_model.instant(doc ->> 'registered_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint billing_legal_entity_list_key primary key (tenant_id, id)
);
create index billing_legal_entity_list_name on read_model.billing_legal_entity_list (tenant_id, name, id);
select read_model.secure('read_model.billing_legal_entity_list');
select read_model.count_rows('read_model.billing_legal_entity_list');
select read_model.open_to_analysts('read_model.billing_legal_entity_list');

-- How to reach customers is no matter of analysis. Who was billed, the invoices themselves tell.
create table read_model.billing_customer_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    country text generated always as (doc ->> 'country') stored,
    currency text generated always as (doc ->> 'currency') stored,
    email text generated always as (doc ->> 'email') stored,
    registered_at timestamptz generated always as (read_model.instant(doc ->> 'registered_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint billing_customer_list_key primary key (tenant_id, id)
);
create index billing_customer_list_name on read_model.billing_customer_list (tenant_id, name, id);
select read_model.secure('read_model.billing_customer_list');
select read_model.count_rows('read_model.billing_customer_list');

create table read_model.billing_series_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    legal_entity_id uuid generated always as ((doc ->> 'legal_entity_id')::uuid) stored,
    status text generated always as (doc ->> 'status') stored,
    numbers bigint generated always as ((doc ->> 'numbers')::bigint) stored,
    opened_at timestamptz generated always as (read_model.instant(doc ->> 'opened_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint billing_series_list_key primary key (tenant_id, id)
);
create index billing_series_list_name on read_model.billing_series_list (tenant_id, name, id);
select read_model.secure('read_model.billing_series_list');
select read_model.count_rows('read_model.billing_series_list');
select read_model.open_to_analysts('read_model.billing_series_list');

create table read_model.billing_invoice_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    number text generated always as (doc ->> 'number') stored,
    status text generated always as (doc ->> 'status') stored,
    legal_entity_id uuid generated always as ((doc ->> 'legal_entity_id')::uuid) stored,
    customer_id uuid generated always as ((doc ->> 'customer_id')::uuid) stored,
    customer_name text generated always as (doc ->> 'customer_name') stored,
    series_id uuid generated always as ((doc ->> 'series_id')::uuid) stored,
    currency text generated always as (doc ->> 'currency') stored,
    net numeric generated always as ((doc -> 'totals' -> 'net' ->> 'amount')::numeric) stored,
    tax numeric generated always as ((doc -> 'totals' -> 'tax' ->> 'amount')::numeric) stored,
    payable numeric generated always as ((doc -> 'totals' -> 'payable' ->> 'amount')::numeric) stored,
    issue_date date generated always as (read_model.day(doc ->> 'issue_date')) stored,
    due_date date generated always as (read_model.day(doc ->> 'due_date')) stored,
    drafted_at timestamptz generated always as (read_model.instant(doc ->> 'drafted_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint billing_invoice_list_key primary key (tenant_id, id)
);
create index billing_invoice_list_drafted_at on read_model.billing_invoice_list (tenant_id, drafted_at desc, id);
create index billing_invoice_list_number on read_model.billing_invoice_list (tenant_id, number, id);
create index billing_invoice_list_status on read_model.billing_invoice_list (tenant_id, status, drafted_at desc, id);
create index billing_invoice_list_due_date on read_model.billing_invoice_list (tenant_id, due_date, id)
    where status = 'issued';
create index billing_invoice_list_customer
    on read_model.billing_invoice_list (tenant_id, customer_id, drafted_at desc, id);
select read_model.secure('read_model.billing_invoice_list');
select read_model.count_rows('read_model.billing_invoice_list');
select read_model.open_to_analysts('read_model.billing_invoice_list');

-- Each with its lines, and with addresses: as large as it may be, and read one at a time. Not for analysts.
create table read_model.billing_invoice_document (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    constraint billing_invoice_document_key primary key (tenant_id, id)
);
select read_model.secure('read_model.billing_invoice_document');
