-- Holes in the walls between tenants that the catalogue can tell: what sort of hole, and where. $1: tables that hold
-- nothing of a tenant; $2: views that show what their owner may see; $3: unique keys that span tenants; $4: functions that
-- run as their owner; $5: tables of what nobody owns.
with own_schema as (
    select oid, nspname from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
), relation as (
    select c.oid, c.relkind, c.relowner, c.relacl, c.reloptions, c.relrowsecurity and c.relforcerowsecurity as is_walled,
        format('%s.%s', s.nspname, c.relname) as name,
        exists (
            select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
        ) as is_of_tenants
    from pg_class as c join own_schema as s on s.oid = c.relnamespace
), granted as (
    select r.name, r.relkind, r.relowner, acl.grantee, acl.privilege_type
    from relation as r cross join lateral aclexplode(r.relacl) as acl
    where acl.grantee <> r.relowner
)
select 'table without forced row-level security' as hole, name as place from relation
where relkind in ('r', 'p') and not is_walled and name <> all ($1::text[])
union all
select 'table of tenants without a policy', name from relation
where relkind in ('r', 'p') and is_walled and not exists (select from pg_policy as p where p.polrelid = relation.oid)
union all
select 'table without a tenant behind a wall', name from relation
where relkind in ('r', 'p') and is_walled and not is_of_tenants
union all
-- Who reads for one tenant sees that tenant; all tenants are for roles that are no readers.
select 'policy that shows a reader other tenants', format('%s on %s', p.polname, r.name)
from pg_policy as p join relation as r on r.oid = p.polrelid
where 'crm_reader'::regrole = any (p.polroles)
    and coalesce(pg_get_expr(p.polqual, p.polrelid), '') <> '(tenant_id = log.tenant())'
union all
-- Who reads what some owners own sees of that tenant what they own, and what hangs on it.
select 'policy that shows a scoped reader other tenants', format('%s on %s', p.polname, r.name)
from pg_policy as p join relation as r on r.oid = p.polrelid
where 'crm_scoped_reader'::regrole = any (p.polroles)
    and coalesce(pg_get_expr(p.polqual, p.polrelid), '') !~ '^\(\(?tenant_id = log\.tenant\(\)\)( AND .*\))?$'
union all
select 'policy that shows a scoped reader what others own', format('%s on %s', p.polname, r.name)
from pg_policy as p join relation as r on r.oid = p.polrelid
where 'crm_scoped_reader'::regrole = any (p.polroles) and r.name <> all ($5::text[])
    and pg_get_expr(p.polqual, p.polrelid) !~ case
        when exists (
            select from pg_attribute as a where a.attrelid = r.oid and a.attname = 'owner' and not a.attisdropped
        ) then 'owner = ANY \(\( SELECT read_model\.owners\(\)'
        else 'EXISTS'
    end
union all
select 'policy for everybody', format('%s on %s', p.polname, r.name)
from pg_policy as p join relation as r on r.oid = p.polrelid
where 0::oid = any (p.polroles)
union all
select 'policy that shows an analyst other tenants', format('%s on %s', p.polname, r.name)
from pg_policy as p join relation as r on r.oid = p.polrelid
where 'crm_analyst'::regrole = any (p.polroles)
    and pg_get_expr(p.polqual, p.polrelid) is distinct from
        case r.name
            when 'identity.analyst' then '(login = SESSION_USER)'
            else '(tenant_id = ( SELECT identity.analyst_tenant() AS analyst_tenant))'
        end
union all
select 'view that shows what its owner may see', name from relation
where relkind = 'v' and not coalesce(reloptions @> array['security_invoker=true'], false) and name <> all ($2::text[])
union all
select 'materialized view', name from relation where relkind = 'm'
union all
select 'unique key that does not begin with the tenant', format('%s on %s', i.indexrelid::regclass, r.name)
from pg_index as i join relation as r on r.oid = i.indrelid
left join pg_attribute as a on a.attrelid = r.oid and a.attnum = i.indkey[0]
where i.indisunique and r.is_of_tenants and a.attname is distinct from 'tenant_id'
    and (select relname::text from pg_class where oid = i.indexrelid) <> all ($3::text[])
union all
select 'grant of ' || lower(privilege_type), name from granted
where privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
union all
select 'grant to everybody', format('%s on %s', lower(privilege_type), name) from granted where grantee = 0
union all
-- Only roles that tell how long the log is, how far read models are, or whose tokens have ended see a part of the columns.
select 'grant of a column', format('%s.%s', r.name, a.attname)
from pg_attribute as a join relation as r on r.oid = a.attrelid
cross join lateral aclexplode(a.attacl) as acl
where acl.grantee <> r.relowner and acl.grantee <> 'crm_head'::regrole
    and not (acl.grantee = 'crm_identity'::regrole and r.name = 'log.event' and a.attname not in ('payload', 'metadata'))
    and not (acl.grantee = 'crm_observer'::regrole and (r.name, a.attname) in (
        ('log.event', 'position'), ('log.event', 'recorded_at'), ('read_model.parked', 'view')
    ))
    -- It forgets from where somebody came who is erased.
    and not (acl.grantee = 'crm_identity'::regrole and r.name = 'trail.entry' and a.attname in ('tenant_id', 'actor', 'address', 'agent'))
union all
-- The trail is added to by one role, and what is old is deleted by another.
select 'trail that can be changed', format('%s by %s', lower(privilege_type), grantee::regrole)
from granted
where name = 'trail.entry' and (
    privilege_type = 'UPDATE'
    or privilege_type = 'INSERT' and grantee <> 'crm_trail'::regrole
    or privilege_type = 'DELETE' and grantee <> 'crm_sweeper'::regrole
)
union all
select 'policy that shows a sweeper what is young', format('%s on %s', p.polname, r.name)
from pg_policy as p join relation as r on r.oid = p.polrelid
where 'crm_sweeper'::regrole = any (p.polroles)
    and pg_get_expr(p.polqual, p.polrelid) is distinct from '(at < (now() - ''30 days''::interval))'
union all
select 'duty that is a member of another', format('%s of %s', m.member::regrole, m.roleid::regrole)
from pg_auth_members as m
where m.member::regrole::text ~ '^crm_' and m.roleid::regrole::text ~ '^crm_'
union all
select 'function that runs as its owner', p.oid::regprocedure::text
from pg_proc as p join own_schema as s on s.oid = p.pronamespace
where p.prosecdef and p.oid::regprocedure::text <> all ($4::text[])
union all
-- The first superuser of a cluster is whoever installed it.
select 'role that may log in and see through walls', rolname from pg_roles
where rolcanlogin and (rolsuper or rolbypassrls) and oid <> 10
union all
select 'duty that may log in or see through walls', rolname from pg_roles
where rolname ~ '^crm_' and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole)
order by hole, place
