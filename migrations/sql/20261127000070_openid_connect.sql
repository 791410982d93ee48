-- Sign-in on the word of a tenant's OpenID provider. Only whoever holds the duty of identity reads this, one tenant at a time.

-- What the portal shows to providers, sealed by the master key of that id. An event says which one counts; the others are about to,
-- or did.
create table identity.client_secret (
    tenant_id uuid not null,
    id uuid not null,
    secret bytea not null,
    master text not null,
    made_at timestamptz not null default now(),
    constraint client_secret_key primary key (tenant_id, id)
);

-- Sign-ins under way. digest is the SHA-256 of what goes to the provider and back, browser that of what the browser keeps; both
-- together make what the provider's answer is held against, which is kept nowhere. version is that of the provider's terms when it
-- began. session_id is that of somebody who is signed in and shows anew who they are. user_id is there once the provider has
-- named somebody who is asked for a second factor.
create table identity.provider_sign_in (
    tenant_id uuid not null,
    digest bytea not null,
    browser bytea not null,
    version bigint not null,
    session_id uuid,
    user_id uuid,
    made_at timestamptz not null default now(),
    expires_at timestamptz not null,
    constraint provider_sign_in_key primary key (tenant_id, digest)
);
create index provider_sign_in_end on identity.provider_sign_in (tenant_id, expires_at);

-- Whom providers name: digest is the SHA-256 of the issuer and the subject. A row counts for a user if an event of the user says so.
create table identity.provider_link (
    tenant_id uuid not null,
    digest bytea not null,
    user_id uuid not null,
    id uuid not null,
    made_at timestamptz not null default now(),
    constraint provider_link_key primary key (tenant_id, digest, user_id)
);
create index provider_link_user on identity.provider_link (tenant_id, user_id);

do $$
declare
    secrets regclass;
begin
    foreach secrets in array
        array['identity.client_secret', 'identity.provider_sign_in', 'identity.provider_link']::regclass[]
    loop
        execute format('alter table %s enable row level security', secrets);
        execute format('alter table %s force row level security', secrets);
        execute format('grant select, insert, update, delete on %s to crm_identity', secrets);
        execute format('create policy identity_keeps on %s for all to crm_identity
            using (tenant_id = log.tenant()) with check (tenant_id = log.tenant())', secrets);
    end loop;
end
$$;
