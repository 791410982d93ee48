//! What an installation asks of whoever signs in.

use crate::second_factor::CodeAlgorithm;

/// What an installation asks of whoever signs in, whatever their tenant asks. By default as much as every tenant and every app can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInRules {
    /// Whether every tenant demands a second factor of its users.
    pub demands_second_factor: bool,
    /// Steps of 30 seconds of which codes count before and after the present one, for phones whose clocks are off.
    pub code_leeway: u8,
    /// By what codes of new second factors are made. One of a weaker algorithm does not do for what is demanded.
    pub code_algorithm: CodeAlgorithm,
}

impl SignInRules {
    /// Those of a hardened installation (OWASP ASVS 6.3.3, 6.5.5 and 11.4.1).
    pub const HARDENED: Self =
        Self { demands_second_factor: true, code_leeway: 0, code_algorithm: CodeAlgorithm::Sha256 };
}

impl Default for SignInRules {
    fn default() -> Self {
        Self { demands_second_factor: false, code_leeway: 1, code_algorithm: CodeAlgorithm::Sha1 }
    }
}
