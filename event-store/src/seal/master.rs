//! The keys above all others, which whoever runs the system keeps.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::cipher::{KEY_LEN, Key};
use super::keys::tenant_context;
use crate::database::Duty;

/// The keys that wrap those of tenants. The first wraps, all open, so that one can follow another.
#[derive(Clone, Debug)]
pub struct MasterKeys(Vec<Named>);

#[derive(Clone)]
struct Named {
    id: String,
    key: Key,
}

/// Why there is no master key to work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// What should be keys is none.
    #[error(
        "master keys are base64 of {KEY_LEN} bytes each, separated by commas, such as `openssl rand -base64 32` prints"
    )]
    Malformed,
    /// This process was given no master key.
    #[error("personal data is sealed, and this process has no master key")]
    Absent,
    /// A tenant's key is wrapped by a master key that this process was not given.
    #[error("the key of tenant {tenant} is wrapped by master key {master}, which this process was not given")]
    Unknown {
        /// The tenant.
        tenant: Uuid,
        /// The id of the master key.
        master: String,
    },
    /// A wrapped key is not what it was.
    #[error("the key of tenant {0} does not open: it was changed, or belongs elsewhere")]
    Broken(Uuid),
    /// A secret does not open.
    #[error(
        "a secret under master key {master} does not open: it was changed, belongs elsewhere, or this process was not given the key"
    )]
    Lost {
        /// The id of the master key.
        master: String,
    },
    /// The machine has no randomness, or the cipher fails.
    #[error("the cipher fails")]
    Cipher,
}

impl MasterKeys {
    /// Reads keys: base64 of 32 bytes each, separated by commas.
    ///
    /// # Errors
    /// [`MasterKeyError::Malformed`], without a word of what was read.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let key = |text: &str| {
            let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
            Some(Named { id: id(&bytes), key: Key::of(&bytes)? })
        };
        let keys: Option<Vec<Named>> = text.trim().split(',').map(key).collect();
        keys.filter(|keys| !keys.is_empty()).map(Self).ok_or(MasterKeyError::Malformed)
    }

    /// A new key, as text for [`MasterKeys::parse`].
    ///
    /// # Errors
    /// [`MasterKeyError::Cipher`] if the machine has no randomness.
    pub fn generate() -> Result<Zeroizing<String>, MasterKeyError> {
        use ring::rand::{SecureRandom as _, SystemRandom};
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        SystemRandom::new().fill(bytes.as_mut_slice()).map_err(|_| MasterKeyError::Cipher)?;
        Ok(Zeroizing::new(STANDARD.encode(bytes.as_slice())))
    }

    /// The id of the key that wraps.
    pub fn current(&self) -> &str {
        self.0.first().map_or("", |named| &named.id)
    }

    /// Seals what is kept in a table and must be known in plain text to be of use. It is bound to `place`: what is there in
    /// another row does not open.
    ///
    /// # Errors
    /// [`MasterKeyError::Cipher`].
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, MasterKeyError> {
        let first = self.0.first().ok_or(MasterKeyError::Absent)?;
        first.key.seal(place.as_bytes(), plain).map_err(|_| MasterKeyError::Cipher)
    }

    /// Opens what the master key of this id has sealed.
    ///
    /// # Errors
    /// [`MasterKeyError::Lost`] if that key is not here, or it was changed or belongs elsewhere.
    pub fn open(
        &self,
        master: &str,
        place: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
        let named = self.0.iter().find(|named| named.id == master);
        let opened = named.and_then(|named| named.key.open(place.as_bytes(), sealed).ok());
        opened.ok_or_else(|| MasterKeyError::Lost { master: master.to_owned() })
    }

    pub(super) fn wrap(&self, tenant: Uuid, id: Uuid, key: &Key) -> Result<Vec<u8>, MasterKeyError> {
        let first = self.0.first().ok_or(MasterKeyError::Absent)?;
        first.key.wrap(&tenant_context(tenant, id), key).map_err(|_| MasterKeyError::Cipher)
    }

    pub(super) fn unwrap(
        &self,
        tenant: Uuid,
        id: Uuid,
        master: &str,
        wrapped: &[u8],
    ) -> Result<Key, MasterKeyError> {
        let named = self.0.iter().find(|named| named.id == master);
        let named = named.ok_or_else(|| MasterKeyError::Unknown { tenant, master: master.to_owned() })?;
        named.key.unwrap(&tenant_context(tenant, id), wrapped).map_err(|_| MasterKeyError::Broken(tenant))
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// What a key is called: the beginning of its SHA-256, which tells nothing of a key by chance.
fn id(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Wraps the keys of all tenants by the first of the master keys. Returns how many were wrapped by another.
///
/// `connection` belongs to the owner of the schema. All of them, or none.
///
/// # Errors
/// The database is not there; a master key is missing.
pub async fn rewrap(connection: &mut PgConnection, keys: &MasterKeys) -> Result<usize, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute(format!("set local role {}", Duty::Appender.role()).as_str()).await?;
    let old: Vec<(Uuid, Uuid, String, Vec<u8>)> = sqlx::query_as(
        "select tenant_id, id, master, wrapped from identity.tenant_key where master <> $1 for update",
    )
    .bind(keys.current())
    .fetch_all(&mut *transaction)
    .await?;
    let anew = |(tenant, id, master, wrapped): &(Uuid, Uuid, String, Vec<u8>)| {
        keys.wrap(*tenant, *id, &keys.unwrap(*tenant, *id, master, wrapped)?)
    };
    let anew: Vec<Vec<u8>> = old.iter().map(anew).collect::<Result<_, _>>()?;
    sqlx::query(include_str!("../sql/rewrap.sql"))
        .bind(keys.current())
        .bind(old.iter().map(|(tenant, ..)| *tenant).collect::<Vec<_>>())
        .bind(anew)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(old.len())
}

/// As an error of the database, for callers that could do no more about it than about that.
impl From<MasterKeyError> for sqlx::Error {
    fn from(error: MasterKeyError) -> Self {
        Self::Configuration(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_keys_wraps_and_each_opens_its_own() {
        let (old, new) = (MasterKeys::generate().unwrap(), MasterKeys::generate().unwrap());
        let before = MasterKeys::parse(&old).unwrap();
        let both = MasterKeys::parse(&format!("{},{}", *new, *old)).unwrap();
        let (tenant, id, key) = (Uuid::now_v7(), Uuid::now_v7(), Key::generate().unwrap());
        let wrapped = before.wrap(tenant, id, &key).unwrap();
        assert!(both.unwrap(tenant, id, before.current(), &wrapped).is_ok());
        assert_ne!(both.current(), before.current());
        let rewrapped = both.wrap(tenant, id, &key).unwrap();
        let unknown = before.unwrap(tenant, id, both.current(), &rewrapped).unwrap_err();
        assert_eq!(unknown, MasterKeyError::Unknown { tenant, master: both.current().to_owned() });
    }

    #[test]
    fn a_key_of_one_tenant_is_none_of_another() {
        let keys = MasterKeys::parse(&MasterKeys::generate().unwrap()).unwrap();
        let (tenant, id, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let wrapped = keys.wrap(tenant, id, &Key::generate().unwrap()).unwrap();
        let broken = keys.unwrap(other, id, keys.current(), &wrapped).unwrap_err();
        assert_eq!(broken, MasterKeyError::Broken(other));
    }

    #[test]
    fn a_secret_opens_where_it_belongs_and_under_its_own_key_only() {
        let keys = MasterKeys::parse(&MasterKeys::generate().unwrap()).unwrap();
        let sealed = keys.seal("here", b"secret").unwrap();
        assert_eq!(keys.open(keys.current(), "here", &sealed).unwrap().as_slice(), b"secret");
        assert!(keys.open(keys.current(), "there", &sealed).is_err());
        assert!(keys.open("another", "here", &sealed).is_err());
    }

    #[test]
    fn keys_are_base64_of_32_bytes_and_nothing_shows_them() {
        for bad in ["", ",", "AAAA", "not base64!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,"] {
            assert_eq!(MasterKeys::parse(bad).unwrap_err(), MasterKeyError::Malformed, "{bad:?}");
        }
        let keys = MasterKeys::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
        assert_eq!(format!("{keys:?}"), "MasterKeys([66687aadf862bd77])");
    }
}
