-- Secrets of second factors are sealed: secret is that of the master key of this id. Of before, those without one are plain until
-- `crm rewrap` seals them.
alter table identity.second_factor add column master text;
