-- Who lets users in, and on which terms, is in the trail as well.
create index event_trail_next on log.event (tenant_id, recorded_at desc, event_id)
    where aggregate_type in (
        'identity.user', 'identity.session', 'identity.custom_role', 'identity.team', 'identity.policy', 'identity.tenant',
        'identity.provider'
    );
drop index log.event_trail;
alter index log.event_trail_next rename to event_trail;

-- What events tell is read from the log, where it cannot be missing, and not copied; the newest row of the same request and the
-- same user tells from where that was.
create or replace view read_model.trail_event with (security_invoker = true) as
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
    'identity.user', 'identity.session', 'identity.custom_role', 'identity.team', 'identity.policy', 'identity.tenant',
    'identity.provider'
);
