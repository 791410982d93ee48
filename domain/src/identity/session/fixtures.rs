//! One example of each event of a session.

use super::{Device, EndReason, Method, SessionEvent};
use crate::fixtures::id;
use crate::identity::user::fixtures::USER;
use crate::{Personal, SessionId};

/// The session of the examples.
pub const SESSION: SessionId = id(71);

/// One of each.
pub fn all() -> Vec<SessionEvent> {
    vec![started(), stepped_up(), ended()]
}

/// The device of the examples.
pub fn device() -> Device {
    Device::of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
}

/// `session.started`
pub fn started() -> SessionEvent {
    SessionEvent::Started { user: USER, device: Personal::new(device()), method: Method::Provider }
}

/// `session.stepped_up`
pub fn stepped_up() -> SessionEvent {
    SessionEvent::SteppedUp {}
}

/// `session.ended`
pub fn ended() -> SessionEvent {
    SessionEvent::Ended { reason: EndReason::SignedOut }
}
