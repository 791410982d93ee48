-- The hash function that codes of a second factor are made by (RFC 6238). Those of before this, and of code of before this, are of SHA-1.
alter table identity.second_factor add column algorithm text not null default 'SHA1';
alter table identity.second_factor add constraint second_factor_algorithm check (algorithm in ('SHA1', 'SHA256'));
