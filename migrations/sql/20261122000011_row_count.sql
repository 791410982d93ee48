-- How many rows each tenant has in each read model, so that a list can tell its total without counting. Kept by triggers
-- in the transaction of the rows, whoever writes them.
create table read_model.row_count (
    tenant_id uuid not null,
    view text not null,
    rows bigint not null constraint row_count_is_not_negative check (rows >= 0),
    constraint row_count_key primary key (tenant_id, view)
) with (fillfactor = 50);
select read_model.secure('read_model.row_count');

create function read_model.count_added() returns trigger language plpgsql as $$
begin
    insert into read_model.row_count (tenant_id, view, rows)
    select tenant_id, tg_table_name, count(*) from added group by tenant_id order by tenant_id
    on conflict (tenant_id, view) do update set rows = row_count.rows + excluded.rows;
    return null;
end
$$;

create function read_model.count_removed() returns trigger language plpgsql as $$
begin
    update read_model.row_count set rows = row_count.rows - removed.rows
    from (select tenant_id, count(*) as rows from removed group by tenant_id) as removed
    where row_count.tenant_id = removed.tenant_id and row_count.view = tg_table_name;
    return null;
end
$$;

create function read_model.count_none() returns trigger language plpgsql as $$
begin
    delete from read_model.row_count where view = tg_table_name;
    return null;
end
$$;

-- Counts the rows of a read model from now on, and those that it has already.
create function read_model.count_rows(counted regclass) returns void language plpgsql as $$
declare
    name text := (select relname from pg_class where oid = counted);
begin
    execute format('create trigger count_added after insert on %s referencing new table as added
        for each statement execute function read_model.count_added()', counted);
    execute format('create trigger count_removed after delete on %s referencing old table as removed
        for each statement execute function read_model.count_removed()', counted);
    execute format('create trigger count_none after truncate on %s
        for each statement execute function read_model.count_none()', counted);
    -- The owner of the table is behind the wall of row-level security too; the projector sees all tenants.
    set local role crm_projector;
    execute format('insert into read_model.row_count (tenant_id, view, rows)
        select tenant_id, %L, count(*) from %s group by tenant_id', name, counted);
    reset role;
end
$$;

select read_model.count_rows('read_model.sales_pipeline_list');
select read_model.count_rows('read_model.sales_lead_list');
select read_model.count_rows('read_model.sales_opportunity_list');
