-- The tenants that the log has events of: from one to the next by the index, since they are few and events are many.
with recursive tenant (id) as (
    (select tenant_id from log.event order by tenant_id limit 1)
    union all
    select (select e.tenant_id from log.event as e where e.tenant_id > tenant.id order by e.tenant_id limit 1)
    from tenant
    where tenant.id is not null
)
select id from tenant where id is not null
