-- Who sees how far everything is, for metrics, health and `crm status`: positions and times, of no event what it says and of no
-- tenant what it has.
do $$
begin
    create role crm_observer nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;
do $$
begin
    if not pg_has_role(current_user, 'crm_observer', 'set') then
        execute format('grant crm_observer to %I', current_user);
    end if;
end
$$;
grant usage on schema log, read_model to crm_observer;
grant select on log.head, read_model.checkpoint to crm_observer;
grant select (position, recorded_at) on log.event to crm_observer;
create policy observer_reads on log.event for select to crm_observer using (true);
grant select (view) on read_model.parked to crm_observer;
create policy observer_reads on read_model.parked for select to crm_observer using (true);
