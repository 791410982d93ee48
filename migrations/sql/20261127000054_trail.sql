-- The trail: who was refused, and who took data out or had it erased; with who, from where and the request. Sign-ins and changes
-- of rights are events already; of those it holds from where they came.
do $$
declare
    duty text;
begin
    foreach duty in array array['crm_trail', 'crm_sweeper'] loop
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

create schema trail;
grant usage on schema trail to crm_trail, crm_sweeper, crm_reader;

-- A row each; of refusals that are many in a minute, the first, and one that counts the others until then.
create table trail.entry (
    tenant_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    until timestamptz,
    kind text not null,
    -- Whose word it is: a user, or the subject of a token that somebody else has issued.
    actor text,
    key_id uuid,
    address text,
    agent text,
    correlation_id text not null,
    trace_id text,
    code text,
    method text,
    route text,
    permission text,
    record_id uuid,
    count bigint not null,
    detail jsonb,
    constraint entry_key primary key (tenant_id, id),
    constraint entry_counts_something check (count > 0)
);
create index entry_at on trail.entry (tenant_id, at desc, id);
create index entry_of_request on trail.entry (tenant_id, correlation_id);
create index entry_end on trail.entry (at);
alter table trail.entry enable row level security;
alter table trail.entry force row level security;

-- Whoever writes adds, for all tenants, and does nothing else; not even read.
grant insert on trail.entry to crm_trail;
create policy trail_adds on trail.entry for insert to crm_trail with check (true);
grant select on trail.entry to crm_reader;
create policy reader_reads on trail.entry for select to crm_reader using (tenant_id = log.tenant());
-- Nobody changes a row. Whoever sweeps sees and deletes what is old; what is younger than that is safe from any configuration.
grant select, delete on trail.entry to crm_sweeper;
create policy sweeper_reads on trail.entry for select to crm_sweeper using (at < now() - interval '30 days');
create policy sweeper_deletes on trail.entry for delete to crm_sweeper using (at < now() - interval '30 days');

-- Events that tell who came in and what became of rights.
create index event_trail on log.event (tenant_id, recorded_at desc, event_id)
    where aggregate_type in (
        'identity.user', 'identity.session', 'identity.custom_role', 'identity.team', 'identity.policy', 'identity.tenant'
    );

-- As rows of read models are: RFC 3339 in UTC.
create function trail.told(value timestamptz) returns text
    language sql immutable strict parallel safe
    return to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- What an event of this type is in the trail.
create function trail.kind(event_type text) returns text
    language sql immutable strict parallel safe
    return case
        when event_type = 'session.started' then 'sign_in'
        when event_type in ('session.ended', 'user.signed_out_everywhere') then 'sign_out'
        when event_type in ('user.key_issued', 'user.key_revoked') then 'key'
        when event_type like 'user.role%' or event_type like 'user.custom_role%' then 'role_change'
        when event_type like 'custom_role.%' or event_type like 'team.%' then 'role_change'
        else 'account'
    end;

-- The two halves of the trail, with the same columns. Two views, since each then comes in the order of its own index; as one
-- with "union all" both would be read to their end and sorted for each page.
create view read_model.trail_entry with (security_invoker = true) as
select
    e.tenant_id, e.id, e.at, e.kind, e.actor, e.address, e.correlation_id, e.record_id, e.code, e.permission,
    jsonb_build_object(
        'id', e.id, 'at', trail.told(e.at), 'until', trail.told(e.until), 'kind', e.kind, 'actor', e.actor,
        'key_id', e.key_id, 'address', e.address, 'agent', e.agent, 'correlation_id', e.correlation_id,
        'trace_id', e.trace_id, 'code', e.code, 'method', e.method, 'route', e.route, 'permission', e.permission,
        'record_type', null, 'record_id', e.record_id, 'event_type', null, 'position', null, 'count', e.count,
        'detail', e.detail
    ) as doc
from trail.entry as e
where e.kind <> 'source';

-- What events tell is read from the log, where it cannot be missing, and not copied; the newest row of the same request and the
-- same user tells from where that was.
create view read_model.trail_event with (security_invoker = true) as
select
    e.tenant_id, e.event_id as id, e.recorded_at as at, trail.kind(e.event_type) as kind, e.metadata ->> 'actor' as actor,
    source.address, e.metadata ->> 'correlation_id' as correlation_id, e.aggregate_id as record_id, null::text as code,
    source.permission,
    jsonb_build_object(
        'id', e.event_id, 'at', trail.told(e.recorded_at), 'until', null, 'kind', trail.kind(e.event_type),
        'actor', e.metadata ->> 'actor', 'key_id', source.key_id, 'address', source.address, 'agent', source.agent,
        'correlation_id', e.metadata ->> 'correlation_id', 'trace_id', substr(e.metadata ->> 'traceparent', 4, 32),
        'code', null, 'method', source.method, 'route', source.route, 'permission', source.permission,
        'record_type', e.aggregate_type, 'record_id', e.aggregate_id, 'event_type', e.event_type,
        'position', e.position, 'count', 1,
        -- Of what events say, only what is about nobody: a role, or why a session ended.
        'detail', case
            when e.event_type in (
                'user.role_granted', 'user.role_revoked', 'user.custom_role_granted', 'user.custom_role_revoked'
            ) then jsonb_build_object('role', e.payload #> '{data,role}')
            when e.event_type = 'session.ended' then jsonb_build_object('reason', e.payload #> '{data,reason}')
            when e.event_type in ('user.key_issued', 'user.key_revoked')
                then jsonb_build_object('key', e.payload #> '{data,key}')
        end
    ) as doc
from log.event as e
left join lateral (
    select s.key_id, s.address, s.agent, s.method, s.route, s.permission
    from trail.entry as s
    where s.tenant_id = e.tenant_id and s.correlation_id = e.metadata ->> 'correlation_id'
        and s.actor = e.metadata ->> 'actor' and s.kind = 'source'
    order by s.at desc
    limit 1
) as source on true
where e.aggregate_type in (
    'identity.user', 'identity.session', 'identity.custom_role', 'identity.team', 'identity.policy', 'identity.tenant'
);
grant select on read_model.trail_entry, read_model.trail_event to crm_reader;
grant execute on function trail.told(timestamptz), trail.kind(text) to crm_reader;
