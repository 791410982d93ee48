//! What can be asked of a lead.

use super::Score;
use crate::sales::Owner;
use crate::sales::activity::{ActivityKind, Summary};
use crate::{Command, CustomFields, CustomPatch, EmailAddress, OpportunityId, Personal, Phone, Text};

/// An action on a lead, with its times.
pub type LeadCommand = Command<LeadAction>;

/// What to do with a lead.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LeadAction {
    /// Take down a new lead.
    Capture(Box<NewLead>),
    /// Give it to somebody, or to nobody.
    Assign {
        /// Who works on it from now on.
        owner: Option<Owner>,
    },
    /// Find it worth pursuing, or give it another score.
    Qualify {
        /// How promising it is.
        score: Score,
    },
    /// Give it up.
    Disqualify {
        /// Why.
        reason: Text<500>,
    },
    /// Take it up again after giving it up. It must be qualified anew.
    Reopen,
    /// Note what was done.
    LogActivity {
        /// What sort of activity.
        kind: ActivityKind,
        /// What was said and agreed.
        summary: Summary,
    },
    /// Make an opportunity of it. Asked again it changes nothing; [`super::Lead::converted_to`] tells of which.
    Convert {
        /// The opportunity that it becomes, if it is none yet.
        opportunity: OpportunityId,
    },
    /// Set its data right.
    Correct(Box<LeadCorrection>),
    /// Take it back, as if it had never been captured, as when an import is undone. Final.
    Withdraw {
        /// Why.
        reason: Text<500>,
    },
    /// Erase who it is, for good. The caller destroys the key in the same append.
    Erase,
}

/// A lead to capture.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLead {
    /// Who it is.
    pub name: Personal<Text<200>>,
    /// Where they work.
    pub company: Option<Text<200>>,
    /// Their e-mail address.
    pub email: Option<Personal<EmailAddress>>,
    /// Their phone number.
    pub phone: Option<Personal<Phone>>,
    /// Where the lead came from: a fair, a campaign, a referral.
    pub source: Option<Text<100>>,
    /// Who works on it.
    pub owner: Option<Owner>,
    /// Fields of the tenant's own.
    pub custom: CustomFields,
}

/// Data to set right: `None` leaves a field, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadCorrection {
    /// Who it is.
    pub name: Option<Personal<Text<200>>>,
    /// Where they work.
    pub company: Option<Option<Text<200>>>,
    /// Their e-mail address.
    pub email: Option<Option<Personal<EmailAddress>>>,
    /// Their phone number.
    pub phone: Option<Option<Personal<Phone>>>,
    /// Where the lead came from.
    pub source: Option<Option<Text<100>>>,
    /// Fields of the tenant's own.
    pub custom: CustomPatch,
}
