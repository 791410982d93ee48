create schema read_model;
grant usage on schema read_model to crm_projector, crm_reader;

-- How far each read model has folded the log. The row is moved by compare-and-set in the transaction of its rows.
create table read_model.checkpoint (
    view text constraint checkpoint_key primary key,
    position bigint not null constraint checkpoint_position_is_not_negative check (position >= 0),
    moved_at timestamptz not null default now()
);
grant select, insert, update on read_model.checkpoint to crm_projector;
grant select on read_model.checkpoint to crm_reader;

-- A tenant whose rows of one read model stand still, since an event could not be folded.
create table read_model.parked (
    tenant_id uuid not null,
    view text not null,
    position bigint not null,
    event_type text not null,
    error text not null,
    parked_at timestamptz not null default now(),
    constraint parked_key primary key (tenant_id, view)
);
alter table read_model.parked enable row level security;
alter table read_model.parked force row level security;
grant select, insert, update, delete on read_model.parked to crm_projector;
grant select on read_model.parked to crm_reader;
create policy projector_writes on read_model.parked for all to crm_projector using (true) with check (true);
create policy reader_reads on read_model.parked for select to crm_reader using (tenant_id = log.tenant());

-- Gives a table of rows its walls: readers see one tenant, the projector all.
create function read_model.secure(rows regclass) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', rows);
    execute format('alter table %s force row level security', rows);
    execute format('grant select, insert, update, delete on %s to crm_projector', rows);
    execute format('grant select on %s to crm_reader', rows);
    execute format('create policy projector_writes on %s for all to crm_projector using (true) with check (true)', rows);
    execute format('create policy reader_reads on %s for select to crm_reader using (tenant_id = log.tenant())', rows);
end
$$;

-- Generated columns must be immutable, and casts from text to times are not; so times are taken apart by hand,
-- from the one form that we write: RFC 3339 in UTC, 2026-11-22T19:42:53.123456Z.
create function read_model.day(value text) returns date
    language sql immutable strict parallel safe
    return make_date(substr(value, 1, 4)::integer, substr(value, 6, 2)::integer, substr(value, 9, 2)::integer);

create function read_model.instant(value text) returns timestamptz
    language sql immutable strict parallel safe
    return make_timestamp(
        substr(value, 1, 4)::integer, substr(value, 6, 2)::integer, substr(value, 9, 2)::integer,
        substr(value, 12, 2)::integer, substr(value, 15, 2)::integer, rtrim(substr(value, 18), 'Z')::double precision
    ) at time zone 'UTC';
