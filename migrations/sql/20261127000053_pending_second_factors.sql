-- A secret of a second factor that nobody has shown a code of is the only one of its user, and goes when its time is over. Those
-- that are asked for, or are about to be, have no end; so have those that were told before this.
alter table identity.second_factor add column expires_at timestamptz;
create unique index second_factor_pending_key on identity.second_factor (tenant_id, user_id) where expires_at is not null;
create index second_factor_end on identity.second_factor (tenant_id, expires_at) where expires_at is not null;
