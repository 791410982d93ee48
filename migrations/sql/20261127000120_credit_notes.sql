-- Credit notes, and what they say.
create table read_model.billing_credit_note_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    number text generated always as (doc ->> 'number') stored,
    status text generated always as (doc ->> 'status') stored,
    invoice_id uuid generated always as ((doc ->> 'invoice_id')::uuid) stored,
    legal_entity_id uuid generated always as ((doc ->> 'legal_entity_id')::uuid) stored,
    series_id uuid generated always as ((doc ->> 'series_id')::uuid) stored,
    currency text generated always as (doc ->> 'currency') stored,
    net numeric generated always as ((doc -> 'totals' -> 'net' ->> 'amount')::numeric) stored,
    tax numeric generated always as ((doc -> 'totals' -> 'tax' ->> 'amount')::numeric) stored,
    payable numeric generated always as ((doc -> 'totals' -> 'payable' ->> 'amount')::numeric) stored,
    issue_date date generated always as (read_model.day(doc ->> 'issue_date')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint billing_credit_note_list_key primary key (tenant_id, id)
);
create index billing_credit_note_list_issue_date
    on read_model.billing_credit_note_list (tenant_id, issue_date desc, id);
create index billing_credit_note_list_invoice on read_model.billing_credit_note_list (tenant_id, invoice_id);
create index billing_credit_note_list_number on read_model.billing_credit_note_list (tenant_id, number, id);
select read_model.secure('read_model.billing_credit_note_list');
select read_model.count_rows('read_model.billing_credit_note_list');
select read_model.open_to_analysts('read_model.billing_credit_note_list');

-- Each with its lines, and with addresses, read one at a time. Not for analysts.
create table read_model.billing_credit_note_document (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    constraint billing_credit_note_document_key primary key (tenant_id, id)
);
select read_model.secure('read_model.billing_credit_note_document');

alter table read_model.billing_invoice_list
    add column credited numeric generated always as (coalesce((doc -> 'credited' ->> 'amount')::numeric, 0)) stored;
-- Policies let the projector see the rows of all tenants, and the owner none. Nothing is taken back yet of what there is.
set local role crm_projector;
update read_model.billing_invoice_list
set doc = doc || jsonb_build_object(
    'credited', jsonb_build_object('amount', (payable - payable)::text, 'currency', currency), 'credit_notes', '[]'::jsonb
);
reset role;
