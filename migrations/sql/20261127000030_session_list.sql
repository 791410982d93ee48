-- Sessions as their users see them: those without an end of their own, and where all sessions of a user ended last.
-- Personal data: a user is shown their own.
create table read_model.identity_session_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    user_id uuid generated always as ((doc ->> 'user')::uuid) stored,
    started_at timestamptz generated always as (read_model.instant(doc ->> 'started_at')) stored,
    started bigint generated always as ((doc ->> 'started')::bigint) stored,
    ended bigint generated always as ((doc ->> 'ended')::bigint) stored,
    constraint identity_session_list_key primary key (tenant_id, id)
);
create index identity_session_list_user on read_model.identity_session_list (tenant_id, user_id, started_at);
select read_model.secure('read_model.identity_session_list');

-- When a session got tokens last. No secret is here, and no event tells it: it happens four times an hour.
create table identity.session_use (
    tenant_id uuid not null,
    session_id uuid not null,
    used_at timestamptz not null,
    expires_at timestamptz not null,
    constraint session_use_key primary key (tenant_id, session_id)
);
create index session_use_end on identity.session_use (tenant_id, expires_at);
alter table identity.session_use enable row level security;
alter table identity.session_use force row level security;
grant select, insert, update, delete on identity.session_use to crm_identity;
create policy identity_keeps on identity.session_use for all to crm_identity
    using (tenant_id = log.tenant()) with check (tenant_id = log.tenant());
grant usage on schema identity to crm_reader;
grant select on identity.session_use to crm_reader;
create policy reader_reads on identity.session_use for select to crm_reader using (tenant_id = log.tenant());
