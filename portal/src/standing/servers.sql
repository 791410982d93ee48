-- The head of the log, who relays it, and what the database server holds. A lock's key is kept in two halves.
select
    head.position as head,
    (select recorded_at from log.event where position = head.position) as recorded_at,
    exists (
        select from pg_locks
        where locktype = 'advisory' and granted and objsubid = 1
            and database = (select oid from pg_database where datname = current_database())
            and classid::bigint = $1::bigint >> 32 and objid::bigint = $1::bigint & 4294967295
    ) as relay_locked,
    pg_database_size(current_database()) as bytes,
    (select coalesce(sum(numbackends), 0)::bigint from pg_stat_database) as connections,
    current_setting('max_connections')::bigint as connections_max,
    array(
        select application_name from pg_stat_activity
        where datname = current_database() and starts_with(application_name, $2)
    ) as rebuilds
from log.head
