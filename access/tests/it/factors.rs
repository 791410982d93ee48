//! Secrets of second factors, and of clients of providers, are of no use to whoever reads the tables.

use access::second_factor::{CodeAlgorithm, Secret};
use access::{Vault, rewrap};
use domain::{SecondFactorId, TenantId, UserId};
use embedded::testing::{self, TestDatabase};
use event_store::{Duty, MasterKeys, connect, fixtures};
use uuid::Uuid;

struct Kept {
    database: TestDatabase,
    tenant: TenantId,
    user: UserId,
    factor: SecondFactorId,
    secret: Secret,
}

impl Kept {
    async fn new() -> Self {
        let database = testing::database().await;
        let (tenant, user) = (TenantId::from_uuid(Uuid::now_v7()), UserId::from_uuid(Uuid::now_v7()));
        let (factor, secret) =
            (SecondFactorId::from_uuid(Uuid::now_v7()), Secret::fresh(CodeAlgorithm::Sha256).unwrap());
        let kept = Self { database, tenant, user, factor, secret };
        let keep = kept.vault(fixtures::MASTER_KEY);
        keep.keep_factor(tenant, user, factor, &kept.secret).await.unwrap();
        // As the first event with personal data of the tenant does it.
        sqlx::query(
            "insert into identity.tenant_key (tenant_id, id, master, wrapped) values ($1, $2, 'none', '')",
        )
        .bind(tenant.as_uuid())
        .bind(Uuid::now_v7())
        .execute(&kept.database.pool())
        .await
        .unwrap();
        kept
    }

    fn vault(&self, keys: &str) -> Vault {
        let pool = connect(self.database.url(), Duty::Identity, 1).unwrap();
        Vault::new(pool).with_master_keys(MasterKeys::parse(keys).unwrap())
    }

    async fn found(&self, keys: &str) -> Result<Option<Secret>, sqlx::Error> {
        self.vault(keys).factor(self.tenant, self.user, self.factor).await
    }

    async fn stored(&self) -> (Vec<u8>, Option<String>) {
        let sql = "select secret, master from identity.second_factor";
        sqlx::query_as(sql).fetch_one(&self.database.pool()).await.unwrap()
    }

    async fn rewrap(&self, keys: &str) -> usize {
        let mut owner = self.database.pool().acquire().await.unwrap();
        rewrap(&mut owner, &MasterKeys::parse(keys).unwrap()).await.unwrap()
    }
}

/// A secret as its user knows it.
fn plain(secret: &Secret) -> String {
    secret.reveal()
}

#[tokio::test]
async fn a_secret_is_sealed_and_opens_for_its_user_under_its_key_only() {
    let kept = Kept::new().await;
    let (stored, master) = kept.stored().await;
    assert!(stored.len() > 40 && master.is_some(), "{stored:?}");
    assert_eq!(
        kept.found(fixtures::MASTER_KEY).await.unwrap().as_ref().map(plain),
        Some(plain(&kept.secret))
    );
    assert!(kept.found(&MasterKeys::generate().unwrap()).await.is_err());
    let moved = "update identity.second_factor set user_id = $1";
    let thief = UserId::from_uuid(Uuid::now_v7());
    sqlx::query(moved).bind(thief.as_uuid()).execute(&kept.database.pool()).await.unwrap();
    assert!(kept.vault(fixtures::MASTER_KEY).factor(kept.tenant, thief, kept.factor).await.is_err());
}

#[tokio::test]
async fn a_secret_comes_back_with_the_algorithm_of_its_codes_and_those_of_before_are_of_sha_1() {
    let kept = Kept::new().await;
    let vault = kept.vault(fixtures::MASTER_KEY);
    let algorithms = async || {
        let secret = vault.factor(kept.tenant, kept.user, kept.factor).await.unwrap().unwrap();
        let told = vault.factor_algorithm(kept.tenant, kept.user, kept.factor).await.unwrap();
        let (_, pending) = vault.pending_factor(kept.tenant, kept.user, None).await.unwrap().unwrap();
        (secret.algorithm(), told, pending.algorithm())
    };
    let all_are = |algorithm| (algorithm, Some(algorithm), algorithm);
    assert_eq!(algorithms().await, all_are(CodeAlgorithm::Sha256));
    let confirmed = SecondFactorId::from_uuid(Uuid::now_v7());
    let user = (kept.tenant, kept.user);
    assert!(vault.confirm_factor(user, kept.factor, 1, confirmed, &[]).await.unwrap());
    let told = vault.factor_algorithm(kept.tenant, kept.user, confirmed).await.unwrap();
    assert_eq!(told, Some(CodeAlgorithm::Sha256));
    let before = "update identity.second_factor set algorithm = default";
    sqlx::query(before).execute(&kept.database.pool()).await.unwrap();
    assert_eq!(algorithms().await, all_are(CodeAlgorithm::Sha1));
    let none = vault.factor_algorithm(kept.tenant, UserId::from_uuid(Uuid::now_v7()), kept.factor).await;
    assert_eq!(none.unwrap(), None);
    let other = "update identity.second_factor set algorithm = 'MD5'";
    sqlx::query(other).execute(&kept.database.pool()).await.unwrap_err();
}

#[tokio::test]
async fn a_new_master_key_seals_what_was_sealed_by_another_or_by_none() {
    let kept = Kept::new().await;
    let new = MasterKeys::generate().unwrap();
    let both = format!("{},{}", *new, fixtures::MASTER_KEY);
    assert_eq!((kept.rewrap(&both).await, kept.rewrap(&both).await), (1, 0));
    assert_eq!(kept.found(&new).await.unwrap().as_ref().map(plain), Some(plain(&kept.secret)));
    let bare = "update identity.second_factor set secret = $1, master = null";
    sqlx::query(bare).bind(vec![7_u8; 20]).execute(&kept.database.pool()).await.unwrap();
    let before = kept.found(&new).await.unwrap().as_ref().map(plain);
    assert_eq!(kept.rewrap(&new).await, 1);
    assert_eq!(kept.found(&new).await.unwrap().as_ref().map(plain), before);
    assert_ne!(kept.stored().await.0, [7_u8; 20]);
}

#[tokio::test]
async fn what_the_portal_shows_to_a_provider_is_sealed_and_follows_the_master_key() {
    let kept = Kept::new().await;
    let (id, elsewhere) = (Uuid::now_v7().into(), Uuid::now_v7());
    kept.vault(fixtures::MASTER_KEY).keep_client_secret(kept.tenant, id, "a client's secret").await.unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("select secret from identity.client_secret")
        .fetch_one(&kept.database.pool())
        .await
        .unwrap();
    assert!(!stored.windows(6).any(|bytes| bytes == b"secret"));
    let new = MasterKeys::generate().unwrap();
    let found = async |keys: &str| kept.vault(keys).client_secret(kept.tenant, id).await;
    assert!(found(&new).await.is_err());
    let both = format!("{},{}", *new, fixtures::MASTER_KEY);
    assert_eq!((kept.rewrap(&both).await, kept.rewrap(&both).await), (2, 0));
    assert_eq!(found(&new).await.unwrap().as_deref(), Some("a client's secret"));
    assert!(found(fixtures::MASTER_KEY).await.is_err());
    let moved = "update identity.client_secret set id = $1";
    sqlx::query(moved).bind(elsewhere).execute(&kept.database.pool()).await.unwrap();
    assert!(kept.vault(&new).client_secret(kept.tenant, elsewhere.into()).await.is_err());
}
