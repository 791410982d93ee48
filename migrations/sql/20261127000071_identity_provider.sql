-- On whose word each tenant lets users in. Its client secret is elsewhere.
create table read_model.identity_provider (
    tenant_id uuid not null,
    id uuid not null,
    position bigint not null,
    doc jsonb not null,
    issuer text generated always as (doc ->> 'issuer') stored,
    constraint identity_provider_key primary key (tenant_id, id)
);
select read_model.secure('read_model.identity_provider');
