create schema log;
grant usage on schema log to crm_appender, crm_relay, crm_projector, crm_reader;

-- The tenant of the current transaction, or null: then row-level security shows nothing.
create function log.tenant() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('crm.tenant', true), '')::uuid;

-- The head of the log: one row. Its row lock makes the order of positions the order of commits.
create table log.head (
    one boolean not null default true constraint head_key primary key constraint head_is_one_row check (one),
    position bigint not null constraint head_position_is_not_negative check (position >= 0),
    recorded_at timestamptz not null
) with (fillfactor = 10);
insert into log.head (position, recorded_at) values (0, '-infinity');

create table log.event (
    position bigint not null constraint event_position_key primary key,
    tenant_id uuid not null,
    aggregate_type text not null,
    aggregate_id uuid not null,
    sequence bigint not null constraint event_sequence_is_positive check (sequence > 0),
    event_id uuid not null,
    event_type text not null,
    event_version integer not null,
    payload jsonb not null,
    metadata jsonb not null,
    recorded_at timestamptz not null,
    constraint event_sequence_key unique (tenant_id, aggregate_type, aggregate_id, sequence)
);
create index event_tenant_position on log.event (tenant_id, position);
create index event_import on log.event (tenant_id, (metadata ->> 'import'), position)
    where metadata ->> 'import' is not null;

-- The answer that a command with an Idempotency-Key was given, for a client that asks again.
create table log.idempotency (
    tenant_id uuid not null,
    key text not null,
    request_hash bytea not null,
    answer jsonb not null,
    position bigint not null,
    recorded_at timestamptz not null,
    constraint idempotency_key primary key (tenant_id, key)
);

-- What only one aggregate may hold at a time (a number, an e-mail), or what an aggregate occupies
-- (a deal its stage). Claimed and released in the transaction of the events.
create table log.claim (
    tenant_id uuid not null,
    scope text not null,
    value text not null,
    constraint claim_key primary key (tenant_id, scope, value)
);

alter table log.event enable row level security;
alter table log.event force row level security;
alter table log.idempotency enable row level security;
alter table log.idempotency force row level security;
alter table log.claim enable row level security;
alter table log.claim force row level security;

-- The appender batches the commands of all tenants together; it can add to the log and never change it.
grant select, update on log.head to crm_appender;
grant select, insert on log.event, log.idempotency to crm_appender;
grant select, insert, delete on log.claim to crm_appender;
create policy appender_reads on log.event for select to crm_appender using (true);
create policy appender_adds on log.event for insert to crm_appender with check (true);
create policy appender_reads on log.idempotency for select to crm_appender using (true);
create policy appender_adds on log.idempotency for insert to crm_appender with check (true);
create policy appender_claims on log.claim for all to crm_appender using (true) with check (true);

grant select on log.head to crm_relay, crm_projector, crm_reader;
grant select on log.event to crm_relay, crm_projector, crm_reader;
create policy relay_reads on log.event for select to crm_relay using (true);
create policy projector_reads on log.event for select to crm_projector using (true);
create policy reader_reads on log.event for select to crm_reader using (tenant_id = log.tenant());

-- The layout that the stock postgres-es repository reads.
create view log.cqrs_event with (security_invoker = true) as
select
    aggregate_type,
    aggregate_id::text as aggregate_id,
    sequence,
    event_type,
    event_version::text as event_version,
    payload::json as payload,
    metadata::json as metadata
from log.event;
grant select on log.cqrs_event to crm_appender;
