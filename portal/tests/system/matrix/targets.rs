//! Things, by what they are to the caller.

use domain::identity::Level;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;

/// What a thing is to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Own,
    OfMyTeam,
    OfAColleague,
    OfNobody,
    OfAnotherTenant,
    TakenBack,
    NeverExisted,
}

impl Target {
    pub const ALL: [Self; 7] = [
        Self::Own,
        Self::OfMyTeam,
        Self::OfAColleague,
        Self::OfNobody,
        Self::OfAnotherTenant,
        Self::TakenBack,
        Self::NeverExisted,
    ];

    /// Whether a permission of this level reaches it.
    pub fn is_within(self, level: Level) -> bool {
        match self {
            Self::Own => true,
            Self::OfMyTeam => level >= Level::Team,
            Self::OfAColleague | Self::OfNobody => level == Level::All,
            Self::OfAnotherTenant | Self::TakenBack | Self::NeverExisted => false,
        }
    }

    /// Whether somebody may be told that it was taken back: those who reach everything.
    pub fn is_told_of(self, level: Level) -> bool {
        self == Self::TakenBack && level == Level::All
    }

    /// The id of a new one in `collection`, which is `leads` or `opportunities`.
    pub async fn make(self, world: &World, collection: &str) -> Uuid {
        let owner = match self {
            Self::Own | Self::TakenBack | Self::OfAnotherTenant => Some(world.boss),
            Self::OfMyTeam => Some(world.member),
            Self::OfAColleague => Some(world.colleague),
            Self::OfNobody => None,
            Self::NeverExisted => return Uuid::now_v7(),
        };
        let token = if self == Self::OfAnotherTenant { &world.foreign_admin } else { &world.admin };
        let body = json!({"name": format!("{self:?}"), "owner": owner});
        let (status, made) = world.send("POST", &format!("/api/v1/{collection}"), token, Some(body)).await;
        assert_eq!(status, 201, "{made}");
        let id = id(&made);
        if self == Self::TakenBack {
            world.take_back(collection, id).await;
        }
        id
    }
}

/// The id of what a command made.
pub fn id(answer: &Value) -> Uuid {
    answer["data"]["id"].as_str().unwrap().parse().unwrap()
}
