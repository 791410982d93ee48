//! Bodies of what is done by links in mails.

use access::Password;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A link, and the password to have from now on.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasswordIn {
    /// The token of the link: what stands after `#token=`.
    #[schema(max_length = 200)]
    pub token: String,
    /// The password from now on: 8 to 128 characters, none of the most common ones, and none that contains the name of
    /// the product, of the company or of the user, or their address; and none that has leaked, where whoever runs the portal
    /// has that asked.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub password: Password,
}

/// A link.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkIn {
    /// The token of the link: what stands after `#token=`.
    #[schema(max_length = 200)]
    pub token: String,
}

/// Whoever is meant gets a mail, if there is somebody to get one: nobody is told more.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Posted {}

/// Who can sign in now, and where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasswordChosen {
    /// The tenant: what `POST /api/v1/sessions` asks for.
    pub tenant_id: Uuid,
    /// The user.
    pub user_id: Uuid,
}
