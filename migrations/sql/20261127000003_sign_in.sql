-- Secrets of users: in tables of their own, never in events. Whoever holds this duty sees one tenant, set in a transaction,
-- and of the log what tells whose tokens have ended.
do $$
begin
    begin
        create role crm_identity nologin;
    exception
        when duplicate_object or unique_violation then null;
    end;
    if not pg_has_role(current_user, 'crm_identity', 'set') then
        execute format('grant crm_identity to %I', current_user);
    end if;
end
$$;
grant usage on schema identity, log to crm_identity;

-- Argon2id hashes in PHC form. An event says which one a user has; the others are about to be, or were.
create table identity.password (
    tenant_id uuid not null,
    user_id uuid not null,
    id uuid not null,
    hash text not null,
    made_at timestamptz not null default now(),
    constraint password_key primary key (tenant_id, user_id, id)
);

-- SHA-256 of refresh tokens, used or not, until their session is over. A token was used at spent_at by a client of which
-- spent_by is a digest; nonce and the token together make its successor.
create table identity.refresh_token (
    tenant_id uuid not null,
    digest bytea not null,
    session_id uuid not null,
    user_id uuid not null,
    epoch bigint not null,
    issued_at timestamptz not null default now(),
    expires_at timestamptz not null,
    spent_at timestamptz,
    spent_by bytea,
    nonce bytea,
    successor bytea,
    constraint refresh_token_key primary key (tenant_id, digest),
    constraint refresh_token_is_spent_whole check (num_nulls(spent_at, spent_by, nonce, successor) in (0, 4))
);
create index refresh_token_end on identity.refresh_token (tenant_id, expires_at);

do $$
declare
    secrets regclass;
begin
    foreach secrets in array array['identity.password', 'identity.refresh_token']::regclass[] loop
        execute format('alter table %s enable row level security', secrets);
        execute format('alter table %s force row level security', secrets);
        execute format('grant select, insert, update, delete on %s to crm_identity', secrets);
        execute format('create policy identity_keeps on %s for all to crm_identity
            using (tenant_id = log.tenant()) with check (tenant_id = log.tenant())', secrets);
    end loop;
end
$$;

-- Whose address it is, and what ended tokens: of all tenants, since each process serves all of them.
grant select on log.claim, log.head to crm_identity;
-- Of events only whose they are and what they are called: nothing of what they say.
grant select (position, tenant_id, aggregate_type, aggregate_id, sequence, event_type, recorded_at) on log.event to crm_identity;
create policy identity_reads on log.claim for select to crm_identity
    using (tenant_id = log.tenant() and starts_with(scope, 'user.email.'));
create policy identity_reads on log.event for select to crm_identity
    using (aggregate_type in ('identity.user', 'identity.session'));
-- Asked for several times a second, by every process. Appends wait while these are built: some seconds for each two million
-- events. Built concurrently, they would wait for other processes that wait to migrate, for ever.
create index event_identity on log.event (position) where aggregate_type in ('identity.user', 'identity.session');
-- Where to begin to ask: at the newest event that is too old to matter. Times never run backwards along positions.
create index event_identity_time on log.event (recorded_at) where aggregate_type in ('identity.user', 'identity.session');
