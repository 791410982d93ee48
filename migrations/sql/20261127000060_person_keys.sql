-- Keys that personal data in events is sealed under. None of them is of use without the master key, which no table holds.

-- The key of a tenant, wrapped by the master key of that id.
create table identity.tenant_key (
    tenant_id uuid constraint tenant_key_key primary key,
    id uuid not null,
    master text not null,
    wrapped bytea not null,
    made_at timestamptz not null default now(),
    constraint tenant_key_id_key unique (tenant_id, id)
);

-- The key of each stream with personal data, wrapped by the key of its tenant, and the person whom it tells of. Made in the
-- statement of the first event that it seals. Of a key that was destroyed, the position of the event which tells that stays:
-- a key that was erased is one thing, and one that was lost another.
create table identity.person_key (
    tenant_id uuid not null,
    aggregate_type text not null,
    aggregate_id uuid not null,
    person uuid not null,
    tenant_key uuid not null,
    wrapped bytea,
    erased_at bigint,
    constraint person_key_key primary key (tenant_id, aggregate_type, aggregate_id),
    constraint person_key_is_there_or_erased check (num_nulls(wrapped, erased_at) = 1),
    constraint person_key_tenant_key foreign key (tenant_id, tenant_key) references identity.tenant_key (tenant_id, id)
);
create index person_key_person on identity.person_key (tenant_id, person);
create index person_key_erased_at on identity.person_key (erased_at) where erased_at is not null;

grant usage on schema identity to crm_appender, crm_projector, crm_reader, crm_scoped_reader;
do $$
declare
    keys regclass;
begin
    foreach keys in array array['identity.tenant_key', 'identity.person_key']::regclass[] loop
        execute format('alter table %s enable row level security', keys);
        execute format('alter table %s force row level security', keys);
        execute format('grant select, insert, update on %s to crm_appender', keys);
        execute format('grant select on %s to crm_projector, crm_reader, crm_scoped_reader', keys);
        execute format('create policy appender_keeps on %s for all to crm_appender using (true) with check (true)', keys);
        execute format('create policy projector_reads on %s for select to crm_projector using (true)', keys);
        execute format('create policy reader_reads on %s for select to crm_reader using (tenant_id = log.tenant())', keys);
        execute format('create policy scoped_reader_reads on %s for select to crm_scoped_reader using (tenant_id = log.tenant())', keys);
    end loop;
end
$$;

-- Of a user who was erased, the trail forgets from where they came, and nothing else.
grant usage on schema trail to crm_identity;
grant select (tenant_id, actor), update (address, agent) on trail.entry to crm_identity;
create policy identity_reads on trail.entry for select to crm_identity using (tenant_id = log.tenant());
create policy identity_forgets on trail.entry for update to crm_identity
    using (tenant_id = log.tenant()) with check (tenant_id = log.tenant() and address is null and agent is null);
