//! Bodies of second factors.

use access::password::Guess;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A code that an app shows.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeIn {
    /// Six digits.
    #[schema(value_type = String, format = "password", example = "287082")]
    pub code: Guess,
}

/// A secret to put into an app that shows codes.
#[derive(Clone, Serialize, ToSchema)]
pub struct SecretTold {
    /// To be typed.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    pub secret: String,
    /// To be shown as a picture.
    pub otpauth_url: String,
    /// By what the app has to make codes: `SHA1`, or `SHA256`, which some apps cannot.
    #[schema(value_type = String, example = "SHA1")]
    pub algorithm: &'static str,
    /// Seconds within which a code of it can be confirmed.
    #[schema(example = 600)]
    pub confirm_within: u64,
}

/// What lets in without the second factor, each once.
#[derive(Clone, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// To be kept on paper.
    pub recovery_codes: Vec<String>,
}

/// Whose second factor is gone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecondFactorOff {
    /// The user.
    pub user_id: Uuid,
}
