-- Counts what changes rows of a read model without moving its checkpoint: a rebuild that takes over, a tenant that goes
-- on. Whoever keeps answers made of these rows compares position, revision and moved_at; together they name one state.
alter table read_model.checkpoint
    add column revision bigint not null default 0
        constraint checkpoint_revision_is_not_negative check (revision >= 0);
