-- Payments of customers, and the ledger of what customers owe.
create table read_model.billing_payment_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    status text generated always as (doc ->> 'status') stored,
    legal_entity_id uuid generated always as ((doc ->> 'legal_entity_id')::uuid) stored,
    customer_id uuid generated always as ((doc ->> 'customer_id')::uuid) stored,
    currency text generated always as (doc -> 'amount' ->> 'currency') stored,
    amount numeric generated always as ((doc -> 'amount' ->> 'amount')::numeric) stored,
    unapplied numeric generated always as ((doc -> 'unapplied' ->> 'amount')::numeric) stored,
    received_on date generated always as (read_model.day(doc ->> 'received_on')) stored,
    method text generated always as (doc ->> 'method') stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint billing_payment_list_key primary key (tenant_id, id)
);
create index billing_payment_list_received_on on read_model.billing_payment_list (tenant_id, received_on desc, id);
create index billing_payment_list_customer
    on read_model.billing_payment_list (tenant_id, customer_id, received_on desc, id);
create index billing_payment_list_unapplied on read_model.billing_payment_list (tenant_id, received_on desc, id)
    where unapplied > 0;
select read_model.secure('read_model.billing_payment_list');
select read_model.count_rows('read_model.billing_payment_list');
select read_model.open_to_analysts('read_model.billing_payment_list');

-- An entry for each event that changes what is to be paid of an invoice, or what a customer owes in all.
create table read_model.billing_ledger (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    kind text generated always as (doc ->> 'kind') stored,
    booked_on date generated always as (read_model.day(doc ->> 'booked_on')) stored,
    invoice_id uuid generated always as ((doc ->> 'invoice_id')::uuid) stored,
    payment_id uuid generated always as ((doc ->> 'payment_id')::uuid) stored,
    currency text generated always as (doc ->> 'currency') stored,
    outstanding numeric generated always as ((doc ->> 'outstanding')::numeric) stored,
    balance numeric generated always as ((doc ->> 'balance')::numeric) stored,
    constraint billing_ledger_key primary key (tenant_id, id)
);
create index billing_ledger_invoice on read_model.billing_ledger (tenant_id, invoice_id);
create index billing_ledger_payment on read_model.billing_ledger (tenant_id, payment_id);
select read_model.secure('read_model.billing_ledger');
select read_model.count_rows('read_model.billing_ledger');
select read_model.open_to_analysts('read_model.billing_ledger');

-- What is settled of invoices, in columns. Nothing is settled yet of what there is.
alter table read_model.billing_invoice_list
    add column paid numeric generated always as ((doc -> 'paid' ->> 'amount')::numeric) stored,
    add column written_off numeric generated always as ((doc -> 'written_off' ->> 'amount')::numeric) stored,
    add column outstanding numeric generated always as ((doc -> 'outstanding' ->> 'amount')::numeric) stored;
drop index read_model.billing_invoice_list_due_date;
create index billing_invoice_list_due_date on read_model.billing_invoice_list (tenant_id, due_date, id);
-- Policies let the projector see the rows of all tenants, and the owner none.
set local role crm_projector;
update read_model.billing_invoice_list as invoice
set doc = invoice.doc || jsonb_build_object(
    'paid', nothing.money, 'written_off', nothing.money, 'payments', '[]'::jsonb,
    'outstanding', case when invoice.status = 'issued' then invoice.doc -> 'totals' -> 'payable' else nothing.money end,
    'status', case
        when invoice.status = 'issued' and invoice.payable = 0 then 'paid' else invoice.status
    end
)
from (
    select tenant_id, id, jsonb_build_object(
        'amount', (payable - payable)::text, 'currency', currency
    ) as money
    from read_model.billing_invoice_list
) as nothing
where nothing.tenant_id = invoice.tenant_id and nothing.id = invoice.id;

-- Of invoices that were issued before, those that are still to be paid are claimed, as the append of an issue does from now on. Command APIs of
-- before do not: stop them before this, and start those of now after it.
set local role crm_appender;
insert into log.claim (tenant_id, scope, value)
select
    issued.tenant_id,
    format(
        'invoice.open.%s.%s.%s', issued.payload -> 'data' ->> 'legal_entity', issued.payload -> 'data' ->> 'customer',
        issued.payload -> 'data' -> 'document' ->> 'currency'
    ),
    format(
        '%s %s %s', issued.payload -> 'data' -> 'document' ->> 'due_date', issued.payload -> 'data' ->> 'number',
        issued.aggregate_id
    )
from log.event as issued
where issued.aggregate_type = 'billing.invoice' and issued.event_type = 'invoice.issued'
    and (issued.payload -> 'data' -> 'document' -> 'totals' -> 'payable' ->> 'amount')::numeric > 0
    and not exists (
        select from log.event as voided
        where voided.tenant_id = issued.tenant_id and voided.aggregate_type = issued.aggregate_type
            and voided.aggregate_id = issued.aggregate_id and voided.event_type = 'invoice.voided'
    );
reset role;
