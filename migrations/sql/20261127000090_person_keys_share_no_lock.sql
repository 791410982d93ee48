-- That the tenant's key is there, the statement asks which inserts the key of a stream (event-store/src/sql/append.sql): it writes no
-- tenant key if there is none. A foreign key asks the same by a statement for each row, and locks the one row of the tenant each
-- time. No role may delete from `tenant_key`, so what was asked stays true.
alter table identity.person_key
    drop constraint person_key_tenant_key,
    -- All rows that there are have one, so nothing is read for it while the table is locked.
    add constraint person_key_has_tenant_key check (tenant_key is not null) not valid,
    alter column tenant_key drop not null;
