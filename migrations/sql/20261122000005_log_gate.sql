-- The head of the log is its last event, and an appender enters by the gate: a table that holds nothing and is only
-- locked. A row that each append updates leaves a dead version each time, and as long as any old snapshot is open in
-- the cluster, the next append has to walk over all of them. An advisory lock could be held by anyone who may connect.
drop table log.head;
create table log.gate ();
grant update on log.gate to crm_appender;

-- Waits for the gate, which stays closed for others until the transaction ends, then tells where the log ends. In a
-- function, since each of its statements sees what was committed before it; a single statement would have looked
-- before it waited.
create function log.enter(out last_position bigint, out last_recorded_at timestamptz) language plpgsql volatile as $$
begin
    lock table log.gate in exclusive mode;
    select e.position, e.recorded_at into last_position, last_recorded_at
    from log.event as e order by e.position desc limit 1;
    last_position := coalesce(last_position, 0);
end
$$;
revoke execute on function log.enter from public;
grant execute on function log.enter to crm_appender;

-- The end of the log, for all who may know how long it is and not what is in it.
do $$
begin
    create role crm_head nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;
do $$
begin
    if not pg_has_role(current_user, 'crm_head', 'set') then
        execute format('grant crm_head to %I', current_user);
    end if;
end
$$;
grant usage, create on schema log to crm_head;
grant select (position) on log.event to crm_head;
create policy head_reads on log.event for select to crm_head using (true);
create view log.head as select coalesce(max(position), 0) as position from log.event;
alter view log.head owner to crm_head;
revoke create on schema log from crm_head;
grant select on log.head to crm_appender, crm_relay, crm_projector, crm_reader;
