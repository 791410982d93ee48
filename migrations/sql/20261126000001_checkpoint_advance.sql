-- Moves a checkpoint if it still is where a batch begins, and if the log has each event of the batch. Tells the tenants that
-- stand still, or null if the checkpoint was not moved. One round trip: most batches of a quiet read model are nothing else.
create function read_model.advance(
    of_view text, from_position bigint, to_position bigint, positions bigint[], event_ids uuid[]
) returns uuid[] language plpgsql volatile as $$
begin
    -- The shape keeps to the primary key of the log, whatever the planner knows of it.
    update read_model.checkpoint set position = to_position, moved_at = now()
    where view = of_view and position = from_position
        and cardinality(positions) = (
            select count(*) from unnest(positions, event_ids) as b (position, event_id)
            cross join lateral (
                select from log.event as e where e.position = b.position and e.event_id = b.event_id limit 1
            ) as e
        );
    if not found then
        return null;
    end if;
    -- In a statement of its own, under the lock of the checkpoint: one that had waited for the lock would see what was
    -- parked before whoever held it let a tenant go on.
    return array(select p.tenant_id from read_model.parked as p where p.view = of_view);
end
$$;
revoke execute on function read_model.advance from public;
grant execute on function read_model.advance to crm_projector;
