-- A link to a new password stays good when another one is sent, until its own time is over: else whoever asks for mails to
-- somebody takes away the links in those before.
alter table identity.link
    add column earlier_digest bytea,
    add column earlier_expires_at timestamptz,
    add constraint link_earlier_key unique (tenant_id, earlier_digest);
