-- The row by which a provider's person may come to be a user: the one that is there, if somebody was faster or gave up halfway.
insert into identity.provider_link (tenant_id, digest, user_id, id) values ($1, $2, $3, $4)
on conflict on constraint provider_link_key do update set made_at = now()
returning id
