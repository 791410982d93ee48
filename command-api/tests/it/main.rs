//! HTTP in, events out: the commands against a real PostgreSQL, each test with a database of its own.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod billing_customer;
mod billing_invoice;
mod billing_numbers;
mod concurrency;
mod document;
mod erasing;
mod failing;
mod hostile;
mod idempotency;
mod identity_api_key;
mod identity_cookie;
mod identity_email;
mod identity_first_password;
mod identity_invitation;
mod identity_mails;
mod identity_password;
mod identity_password_reset;
mod identity_password_words;
mod identity_provider;
mod identity_reach;
mod identity_role;
mod identity_second_factor;
mod identity_session;
mod identity_shared_limits;
mod identity_sign_in;
mod identity_sign_in_forged;
mod identity_sign_in_step_up;
mod identity_sign_in_terms;
mod identity_sign_up;
mod identity_step_up;
mod identity_team;
mod identity_throttle;
mod identity_trail;
mod identity_user;
mod in_process;
mod permissions;
mod rates;
mod sales_lead;
mod sales_opportunity;
mod sales_pipeline;
mod stale;
mod support;
mod tenancy;
