//! Read models of identity.

pub mod user_list;

use cqrs_es::Aggregate;
use domain::identity::user::User;

const USER: &str = User::TYPE;
