//! One tenant at a time, and nothing of what events say.

use std::time::Duration;

use access::vault::{MailKind, Recipient};
use access::{BrowserSecret, LinkToken, Purpose, RefreshToken, SignInState, Vault};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{ClientSecretId, PasswordId, SessionId, TenantId, UserId};
use embedded::testing::{self, TestDatabase};
use event_store::{Duty, MasterKeys, connect, fixtures};
use futures::future::join_all;
use sqlx::postgres::PgPool;
use sqlx::{Executor as _, PgConnection};
use uuid::Uuid;

/// Two tenants, each with a user of the same address, a password, a session, a link and a mail to send.
struct Site {
    database: TestDatabase,
    tenants: [TenantId; 2],
    tokens: Vec<RefreshToken>,
    links: Vec<LinkToken>,
    sign_ins: Vec<(SignInState, BrowserSecret)>,
}

impl Site {
    async fn new() -> Self {
        let database = testing::database().await;
        let vault = sealing(&database);
        let tenants = [1, 2].map(|number| TenantId::from_uuid(Uuid::from_u128(number)));
        let (mut tokens, mut links, mut sign_ins) = (Vec::new(), Vec::new(), Vec::new());
        for tenant in tenants {
            let (user, password) = (UserId::from_uuid(Uuid::now_v7()), PasswordId::from_uuid(Uuid::now_v7()));
            sqlx::query("insert into log.claim (tenant_id, scope, value) values ($1, 'user.email.x', $2), ($1, 'stage.x', $2)")
                .bind(tenant.as_uuid())
                .bind(user.to_string())
                .execute(&database.pool())
                .await
                .unwrap();
            vault.keep_hash(tenant, user, password, "a hash").await.unwrap();
            let token = RefreshToken::fresh(tenant).unwrap();
            vault.begin_session(&token, SessionId::from_uuid(Uuid::now_v7()), user, 0).await.unwrap();
            let link = LinkToken::fresh(tenant).unwrap();
            vault.keep_link(&link, Purpose::PasswordReset, user, 0, "user.email.x").await.unwrap();
            let invitation = MailKind::Link(Purpose::Invitation);
            vault.post(tenant, invitation, &Recipient::User(user)).await.unwrap();
            vault.keep_client_secret(tenant, Uuid::now_v7().into(), "a secret").await.unwrap();
            let (state, browser) = (SignInState::fresh(tenant).unwrap(), BrowserSecret::fresh().unwrap());
            vault.begin_sign_in(&state, &browser, 1, None).await.unwrap();
            vault.link_provider(tenant, &[7; 32], user).await.unwrap();
            sign_ins.push((state, browser));
            links.push(link);
            tokens.push(token);
        }
        Self { database, tenants, tokens, links, sign_ins }
    }
}

fn sealing(database: &TestDatabase) -> Vault {
    Vault::new(identity(database)).with_master_keys(MasterKeys::parse(fixtures::MASTER_KEY).unwrap())
}

fn identity(database: &TestDatabase) -> PgPool {
    connect(database.url(), Duty::Identity, 2).unwrap()
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    sqlx::query_scalar(&format!("select count(*) from {table}")).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_session_is_over_once_nobody_used_it_for_as_long_as_was_set() {
    let database = testing::database().await;
    let (tenant, user) = (TenantId::from_uuid(Uuid::from_u128(1)), UserId::from_uuid(Uuid::now_v7()));
    for (idle, goes_on) in [(Duration::ZERO, false), (Duration::from_secs(3_600), true)] {
        let vault = Vault::new(identity(&database)).with_idle(idle);
        let token = RefreshToken::fresh(tenant).unwrap();
        vault.begin_session(&token, SessionId::from_uuid(Uuid::now_v7()), user, 0).await.unwrap();
        assert_eq!(vault.find(&token).await.unwrap().is_some(), goes_on);
    }
}

#[tokio::test]
async fn of_many_links_at_once_one_is_kept_until_the_pause_is_over() {
    let database = testing::database().await;
    let vault = Vault::new(connect(database.url(), Duty::Identity, 8).unwrap());
    let (tenant, user) = (TenantId::from_uuid(Uuid::from_u128(1)), UserId::from_uuid(Uuid::now_v7()));
    let keep = async |pause: Option<Duration>| {
        let link = LinkToken::fresh(tenant).unwrap();
        vault.keep_link_after(&link, Purpose::PasswordReset, user, 0, "user.email.x", pause).await.unwrap()
    };
    let minute = Some(Duration::from_secs(60));
    let kept = join_all((0..32).map(|_| keep(minute))).await;
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 1);
    assert!(keep(None).await && !keep(minute).await);
    database.pool().execute("update identity.link set made_at = made_at - interval '1 hour'").await.unwrap();
    assert!(keep(minute).await);
}

#[tokio::test]
async fn a_transaction_sees_the_secrets_of_its_tenant_and_writes_no_others() {
    let site = Site::new().await;
    let pool = identity(&site.database);
    let tables = [
        "identity.password",
        "identity.refresh_token",
        "identity.link",
        "identity.client_secret",
        "identity.provider_sign_in",
        "identity.provider_link",
        "log.claim",
    ];
    for (tenant, expected) in [(Some(site.tenants[0]), 1), (Some(site.tenants[1]), 1), (None, 0)] {
        let mut transaction = pool.begin().await.unwrap();
        if let Some(tenant) = tenant {
            transaction.execute(format!("set local crm.tenant = '{tenant}'").as_str()).await.unwrap();
        }
        for table in tables {
            assert_eq!(count(&mut transaction, table).await, expected, "{table}");
        }
        let taken = transaction.execute("update identity.refresh_token set spent_by = null").await.unwrap();
        assert_eq!(taken.rows_affected(), u64::try_from(expected).unwrap());
    }
    let mut transaction = pool.begin().await.unwrap();
    let [own, other] = site.tenants;
    transaction.execute(format!("set local crm.tenant = '{own}'").as_str()).await.unwrap();
    let planted = format!(
        "insert into identity.password (tenant_id, user_id, id, hash) values ('{other}', '{other}', '{other}', 'x')"
    );
    let error = transaction.execute(planted.as_str()).await.unwrap_err().to_string();
    assert!(error.contains("row-level security"), "{error}");
}

#[tokio::test]
async fn a_token_counts_in_the_tenant_that_it_was_made_for() {
    let site = Site::new().await;
    let vault = Vault::new(identity(&site.database));
    let token = &site.tokens[0];
    assert!(vault.find(token).await.unwrap().is_some());
    let text = token.reveal();
    let mut bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("crm_rt_").unwrap()).unwrap();
    bytes[..16].copy_from_slice(site.tenants[1].as_uuid().as_bytes());
    let forged = RefreshToken::parse(&format!("crm_rt_{}", URL_SAFE_NO_PAD.encode(bytes))).unwrap();
    assert_eq!(forged.tenant(), site.tenants[1]);
    assert!(vault.find(&forged).await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_else_reads_secrets_and_whoever_does_reads_no_events() {
    let site = Site::new().await;
    for duty in [Duty::Appender, Duty::Relay, Duty::Projector, Duty::Reader] {
        let pool = connect(site.database.url(), duty, 1).unwrap();
        for table in [
            "identity.password",
            "identity.refresh_token",
            "identity.link",
            "identity.mail",
            "identity.client_secret",
            "identity.provider_sign_in",
            "identity.provider_link",
        ] {
            let sql = format!("select count(*) from {table}");
            let error = pool.execute(sql.as_str()).await.unwrap_err().to_string();
            assert!(error.contains("permission denied"), "{duty:?}: {error}");
        }
    }
    let pool = identity(&site.database);
    for column in ["payload", "metadata", "*"] {
        let sql = format!("select {column} from log.event");
        let error = pool.execute(sql.as_str()).await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{column}: {error}");
    }
    pool.execute("select position, event_type from log.event").await.unwrap();
}

#[tokio::test]
async fn a_link_counts_for_its_purpose_in_the_tenant_that_it_was_made_for() {
    let site = Site::new().await;
    let vault = Vault::new(identity(&site.database));
    let link = &site.links[0];
    assert!(vault.link(link, Purpose::PasswordReset).await.unwrap().is_some());
    for other in [Purpose::Invitation, Purpose::EmailChange, Purpose::SignUp] {
        assert!(vault.link(link, other).await.unwrap().is_none(), "{other:?}");
    }
    let text = link.reveal();
    let mut bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("crm_link_").unwrap()).unwrap();
    bytes[..16].copy_from_slice(site.tenants[1].as_uuid().as_bytes());
    let forged = LinkToken::parse(&format!("crm_link_{}", URL_SAFE_NO_PAD.encode(bytes))).unwrap();
    assert_eq!(forged.tenant(), site.tenants[1]);
    assert!(vault.link(&forged, Purpose::PasswordReset).await.unwrap().is_none());
}

#[tokio::test]
async fn a_sign_in_goes_on_once_in_its_browser_its_session_and_its_tenant() {
    let site = Site::new().await;
    let vault = Vault::new(identity(&site.database));
    let [(state, browser), (other, others_browser)] = &site.sign_ins[..] else { panic!("two tenants") };
    let take = async |state: &SignInState, browser: &BrowserSecret, session: Option<SessionId>| {
        vault.take_sign_in(state, browser, session).await.unwrap()
    };
    assert!(take(state, others_browser, None).await.is_none());
    assert!(take(state, browser, Some(Uuid::now_v7().into())).await.is_none());
    let text = state.reveal();
    let mut bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("crm_state_").unwrap()).unwrap();
    bytes[..16].copy_from_slice(site.tenants[1].as_uuid().as_bytes());
    let forged = SignInState::parse(&format!("crm_state_{}", URL_SAFE_NO_PAD.encode(bytes))).unwrap();
    assert_eq!(forged.tenant(), site.tenants[1]);
    assert!(take(&forged, browser, None).await.is_none());
    let taken = join_all((0..8).map(|_| take(state, browser, None))).await;
    assert_eq!(taken.iter().flatten().count(), 1);
    // Put back for a second factor, it is there once more, with whom the provider has named, and lasts no longer.
    let (begun, user) = (taken.into_iter().flatten().next().unwrap(), UserId::from_uuid(Uuid::now_v7()));
    vault.put_back_sign_in(state, browser, &begun, None, user).await.unwrap();
    let again = take(state, browser, None).await.unwrap();
    assert_eq!((begun.named(), again.named(), again.made_at), (None, Some(user), begun.made_at));
    let over = "update identity.provider_sign_in set expires_at = now()";
    site.database.pool().execute(over).await.unwrap();
    assert!(take(other, others_browser, None).await.is_none());
}

#[tokio::test]
async fn whom_a_provider_names_is_kept_once_for_each_user_and_a_secret_until_a_later_one_counts() {
    let site = Site::new().await;
    let (vault, tenant) = (sealing(&site.database), site.tenants[0]);
    let user = UserId::from_uuid(Uuid::now_v7());
    let rows = join_all((0..8).map(|_| vault.link_provider(tenant, &[8; 32], user))).await;
    let first = *rows[0].as_ref().unwrap();
    assert!(rows.iter().all(|row| *row.as_ref().unwrap() == first));
    assert_eq!(vault.linked(tenant, &[8; 32]).await.unwrap(), [(user, first)]);
    assert!(vault.linked(site.tenants[1], &[8; 32]).await.unwrap().is_empty());
    vault.forget_links(tenant, user).await.unwrap();
    assert!(vault.linked(tenant, &[8; 32]).await.unwrap().is_empty());
    let (old, new): (ClientSecretId, ClientSecretId) = (Uuid::now_v7().into(), Uuid::now_v7().into());
    vault.keep_client_secret(tenant, old, "old").await.unwrap();
    vault.keep_client_secret(tenant, new, "new").await.unwrap();
    let kept = async |id| vault.client_secret(tenant, id).await.unwrap();
    vault.forget_client_secrets(tenant, old, true).await.unwrap();
    assert_eq!((kept(old).await.as_deref(), kept(new).await.as_deref()), (Some("old"), Some("new")));
    vault.forget_client_secrets(tenant, old, false).await.unwrap();
    assert_eq!((kept(old).await, kept(new).await.as_deref()), (None, Some("new")));
}

/// Whoever sends takes mails of all tenants, each once, and writes none for a tenant that is not theirs.
#[tokio::test]
async fn mails_of_all_tenants_are_taken_for_one_try_each() {
    let site = Site::new().await;
    let (one, other) = (Vault::new(identity(&site.database)), Vault::new(identity(&site.database)));
    let mut taken = one.due_mails(1).await.unwrap();
    taken.extend(other.due_mails(10).await.unwrap());
    let mut tenants: Vec<TenantId> = taken.iter().map(|mail| mail.tenant).collect();
    tenants.sort();
    assert_eq!(tenants, site.tenants);
    assert!(one.due_mails(10).await.unwrap().is_empty());
    let waits = async |attempts: i32| -> bool {
        let sql = "select bool_and(attempts = $1 and due_at - now() between make_interval(secs => 60 * 2 ^ ($1 - 1) - 30)
            and make_interval(secs => 60 * 2 ^ ($1 - 1))) from identity.mail";
        sqlx::query_scalar(sql).bind(attempts).fetch_one(&site.database.pool()).await.unwrap()
    };
    assert!(waits(1).await);
    site.database.pool().execute("update identity.mail set due_at = now()").await.unwrap();
    assert_eq!(one.due_mails(10).await.unwrap().len(), 2);
    assert!(waits(2).await);
    let planted = "insert into identity.mail (tenant_id, id, kind, scope, due_at, expires_at)
        values ('00000000-0000-0000-0000-000000000009', uuidv7(), 'password_reset', 'x', now(), now())";
    let error = identity(&site.database).execute(planted).await.unwrap_err().to_string();
    assert!(error.contains("row-level security"), "{error}");
}

#[tokio::test]
async fn what_is_too_old_is_cleared_away_in_all_tenants() {
    let site = Site::new().await;
    let (vault, pool) = (Vault::new(identity(&site.database)), site.database.pool());
    let old = "update identity.link set expires_at = now() where tenant_id = $1";
    pool.execute(sqlx::query(old).bind(site.tenants[0].as_uuid())).await.unwrap();
    vault.clear_links().await.unwrap();
    assert!(vault.link(&site.links[0], Purpose::PasswordReset).await.unwrap().is_none());
    assert!(vault.link(&site.links[1], Purpose::PasswordReset).await.unwrap().is_some());
    assert_eq!(count(&mut pool.acquire().await.unwrap(), "identity.link").await, 1);
}
