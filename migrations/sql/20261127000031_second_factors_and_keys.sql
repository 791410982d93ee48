-- Second factors and keys of users. Only whoever holds the duty of identity reads them, one tenant at a time.

-- Secrets of second factors (RFC 6238). An event says which one a user is asked for; the others are about to be, or were. No
-- code is taken twice: last_step is the time step of the last one that was taken.
create table identity.second_factor (
    tenant_id uuid not null,
    user_id uuid not null,
    id uuid not null,
    secret bytea not null,
    last_step bigint not null default 0,
    made_at timestamptz not null default now(),
    constraint second_factor_key primary key (tenant_id, user_id, id)
);

-- SHA-256 of recovery codes that are left.
create table identity.recovery_code (
    tenant_id uuid not null,
    user_id uuid not null,
    factor_id uuid not null,
    digest bytea not null,
    constraint recovery_code_key primary key (tenant_id, user_id, factor_id, digest)
);

-- SHA-256 of keys. Events say what a key is good for, and whether it still is.
create table identity.api_key (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    digest bytea not null,
    expires_at timestamptz not null,
    constraint api_key_key primary key (tenant_id, id)
);
create index api_key_end on identity.api_key (tenant_id, expires_at);

do $$
declare
    secrets regclass;
begin
    foreach secrets in array
        array['identity.second_factor', 'identity.recovery_code', 'identity.api_key']::regclass[]
    loop
        execute format('alter table %s enable row level security', secrets);
        execute format('alter table %s force row level security', secrets);
        execute format('grant select, insert, update, delete on %s to crm_identity', secrets);
        execute format('create policy identity_keeps on %s for all to crm_identity
            using (tenant_id = log.tenant()) with check (tenant_id = log.tenant())', secrets);
    end loop;
end
$$;
