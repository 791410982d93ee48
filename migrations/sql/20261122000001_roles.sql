-- One role for each duty. They own nothing and cannot log in: a service logs in as a member and
-- takes the role of its duty, so that what a duty may do is written once, in grants and policies.
-- Roles belong to the whole cluster, so another database may have made them already.
do $$
declare
    duty text;
begin
    foreach duty in array array['crm_appender', 'crm_relay', 'crm_projector', 'crm_reader'] loop
        begin
            execute format('create role %I nologin', duty);
        exception
            when duplicate_object or unique_violation then null;
        end;
        if not pg_has_role(current_user, duty, 'set') then
            execute format('grant %I to %I', duty, current_user);
        end if;
    end loop;
end
$$;
