-- Users of a tenant. Personal data: only the roles that may read users are shown it.
create table read_model.identity_user_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    email text generated always as (doc ->> 'email') stored,
    status text generated always as (doc ->> 'status') stored,
    roles jsonb generated always as (doc -> 'roles') stored,
    registered_at timestamptz generated always as (read_model.instant(doc ->> 'registered_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint identity_user_list_key primary key (tenant_id, id)
);
create index identity_user_list_name on read_model.identity_user_list (tenant_id, name, id);
select read_model.secure('read_model.identity_user_list');
select read_model.count_rows('read_model.identity_user_list');
