-- The roles that a tenant has defined, and its teams.
create table read_model.identity_custom_role_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    status text generated always as (doc ->> 'status') stored,
    defined_at timestamptz generated always as (read_model.instant(doc ->> 'defined_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint identity_custom_role_list_key primary key (tenant_id, id)
);
create index identity_custom_role_list_name on read_model.identity_custom_role_list (tenant_id, name, id);
select read_model.secure('read_model.identity_custom_role_list');
select read_model.count_rows('read_model.identity_custom_role_list');

create table read_model.identity_team_list (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    name text generated always as (doc ->> 'name') stored,
    manager_id uuid generated always as ((doc ->> 'manager_id')::uuid) stored,
    parent_id uuid generated always as ((doc ->> 'parent_id')::uuid) stored,
    formed_at timestamptz generated always as (read_model.instant(doc ->> 'formed_at')) stored,
    updated_at timestamptz generated always as (read_model.instant(doc ->> 'updated_at')) stored,
    constraint identity_team_list_key primary key (tenant_id, id)
);
create index identity_team_list_name on read_model.identity_team_list (tenant_id, name, id);
select read_model.secure('read_model.identity_team_list');
select read_model.count_rows('read_model.identity_team_list');
