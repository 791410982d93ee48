//! Read models of identity.

pub mod custom_role_list;
pub mod key_list;
pub mod session_list;
pub mod team_list;
pub mod user_list;

use cqrs_es::Aggregate;
use domain::identity::custom_role::CustomRole;
use domain::identity::session::Session;
use domain::identity::team::Team;
use domain::identity::user::User;

const SESSION: &str = Session::TYPE;
const USER: &str = User::TYPE;
const CUSTOM_ROLE: &str = CustomRole::TYPE;
const TEAM: &str = Team::TYPE;
