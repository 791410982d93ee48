-- What is done by links in mails. Neither table holds a token, and no row outlives its use.

-- The newest link of a purpose and user; another one takes its place. digest is the SHA-256 of its token, and there is none
-- before the mail is on its way. epoch is that of the user's sessions: whatever ends those ends the link. detail is what the
-- link brings about, if that is not plain from its purpose; else the scope of the address that it went to.
create table identity.link (
    tenant_id uuid not null,
    purpose text not null,
    user_id uuid not null,
    digest bytea,
    epoch bigint not null,
    detail jsonb,
    made_at timestamptz not null default now(),
    expires_at timestamptz not null,
    constraint link_key primary key (tenant_id, purpose, user_id),
    constraint link_digest_key unique (tenant_id, digest)
);
create index link_end on identity.link (expires_at);

-- Mails to send: about what, and to which user. scope is a digest of an address of which nobody has looked yet whose it is;
-- address is there only where the user is about to have another one.
create table identity.mail (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    user_id uuid,
    scope text,
    address text,
    attempts integer not null default 0,
    due_at timestamptz not null,
    expires_at timestamptz not null,
    constraint mail_key primary key (tenant_id, id),
    constraint mail_is_to_somebody check (num_nonnulls(user_id, scope) = 1)
);
create index mail_due on identity.mail (due_at);

do $$
declare
    secrets regclass;
begin
    foreach secrets in array array['identity.link', 'identity.mail']::regclass[] loop
        execute format('alter table %s enable row level security', secrets);
        execute format('alter table %s force row level security', secrets);
        execute format('grant select, insert, update, delete on %s to crm_identity', secrets);
        execute format('create policy identity_keeps on %s for all to crm_identity
            using (tenant_id = log.tenant()) with check (tenant_id = log.tenant())', secrets);
    end loop;
end
$$;

-- Who sends mails sends those of all tenants, and clears away what is of no use any more.
create policy identity_finds on identity.mail for select to crm_identity using (true);
create policy identity_tries on identity.mail for update to crm_identity using (true);
create policy identity_sends on identity.mail for delete to crm_identity using (true);
create policy identity_finds on identity.link for select to crm_identity using (expires_at <= now());
create policy identity_clears on identity.link for delete to crm_identity using (expires_at <= now());
