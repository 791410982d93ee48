-- Keys of users that were not revoked. A user is shown their own.
create table read_model.identity_key_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    user_id uuid generated always as ((doc ->> 'user')::uuid) stored,
    expires_at timestamptz generated always as (read_model.instant(doc ->> 'expires_at')) stored,
    constraint identity_key_list_key primary key (tenant_id, id)
);
create index identity_key_list_user on read_model.identity_key_list (tenant_id, user_id, expires_at);
select read_model.secure('read_model.identity_key_list');
