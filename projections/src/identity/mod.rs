//! Read models of identity.

pub mod key_list;
pub mod session_list;
pub mod user_list;

use cqrs_es::Aggregate;
use domain::identity::session::Session;
use domain::identity::user::User;

const SESSION: &str = Session::TYPE;
const USER: &str = User::TYPE;
