//! What the command API counts beside what its parts do. The names are the contract of dashboards and alerts.

use metrics::{Unit, counter, describe_counter};

/// Tries to send a mail, by `kind` and `outcome`.
pub const MAILS: &str = "crm_mails_total";

/// What came of a try to send a mail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mailed {
    /// It went.
    Sent,
    /// There was no reason for it: nobody has the address, or what it was for is done.
    Needless,
    /// It did not go, and will be tried again.
    Later,
    /// The mail server does not take it, ever.
    Refused,
    /// It did not go for so long that it is of no use any more.
    GivenUp,
}

/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_counter!(MAILS, Unit::Count, "Tries to send a mail, by kind and outcome.");
}

pub(crate) fn mailed(kind: &'static str, outcome: Mailed) {
    let outcome = match outcome {
        Mailed::Sent => "sent",
        Mailed::Needless => "needless",
        Mailed::Later => "later",
        Mailed::Refused => "refused",
        Mailed::GivenUp => "given_up",
    };
    counter!(MAILS, "kind" => kind, "outcome" => outcome).increment(1);
}
