//! `GET /users/{id}/rights`: what a user may do, or could do on a day, and why.

use std::collections::BTreeSet;

use axum::extract::State;
use cqrs_es::Aggregate;
use domain::UserId;
use domain::identity::custom_role::CustomRole;
use domain::identity::team::Team;
use domain::identity::user::User;
use domain::identity::{Level, Organisation, Reason, Role};
use edge::{Envelope, Meta, Path, Permission, Permit, Permitted, Problem, Query, Rendered};
use event_store::Recorded;
use event_store::read::{self, History};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::as_of::{AsOf, AsOfQuery};
use crate::failure;
use crate::permission::ReadUsers;
use crate::wait::Freshness;

/// What a user may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UserRights {
    /// The user.
    pub user_id: Uuid,
    /// `active`, or `disabled` for one who is shut out: what follows is then what they could do if they were let in.
    #[schema(example = "active")]
    pub status: String,
    /// What the user may do, each with why.
    pub permissions: Vec<PermissionReason>,
    /// The users whose records the level `team` reaches, the user among them.
    pub team: BTreeSet<Uuid>,
}

/// A permission of a user, and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PermissionReason {
    /// Its name.
    #[schema(example = "lead.read")]
    pub permission: String,
    /// How far it reaches: `own`, `team` or `all`.
    #[schema(example = "team")]
    pub level: String,
    /// The roles of every tenant that give it, for all records.
    #[schema(example = json!(["sales_rep"]))]
    pub roles: Vec<String>,
    /// The roles that the tenant has defined that give it.
    pub custom_roles: Vec<RoleReason>,
    /// The fields that are hidden at this level: that no role shows which gives it so far. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["lead.email"]))]
    pub hidden: Vec<String>,
}

/// A role that gives a permission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoleReason {
    /// The role.
    pub id: Uuid,
    /// What it is called.
    #[schema(example = "Field sales")]
    pub name: String,
    /// As far as it gives it.
    #[schema(example = "team")]
    pub level: String,
    /// The fields that it hides. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["lead.email"]))]
    pub hidden: Vec<String>,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(read_user_rights))
}

/// What a user may do, now or in the past, and why.
///
/// It is worked out from the log: the roles that the user had, what those gave, and who was in which team, at that time. The
/// permissions are those that there are today, and so is what the roles of every tenant give.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}/rights",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), AsOfQuery),
    responses((status = 200, description = "What the user may do", body = Envelope<UserRights>)),
    extensions(("x-permission" = json!(ReadUsers::NAME)), ("x-roles" = json!(ReadUsers::ROLES)))
)]
async fn read_user_rights(
    caller: Permit<ReadUsers>,
    State(app): State<QueryApi>,
    Path(id): Path<UserId>,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    rights(&app, &caller, id, as_of).await
}

async fn rights(
    app: &QueryApi,
    caller: &Permitted,
    id: UserId,
    as_of: Option<AsOf>,
) -> Result<Rendered, Problem> {
    let begun = app.0.reads.begin(caller.tenant, caller.reach()).await;
    let mut transaction = begun.map_err(failure::database)?;
    let connection = transaction.connection();
    let head = read::head(&mut *connection).await.map_err(failure::database)?;
    let (position, time) = match as_of {
        None => (head, None),
        Some(AsOf::Position(position)) => (position.min(head), None),
        Some(AsOf::Time(time)) => (head, Some(time)),
    };
    let point = as_of.unwrap_or(AsOf::Position(head));
    let history = Histories { app, point };
    let user = history.user(connection, caller.tenant.into(), id).await?;
    let account = user.account().ok_or_else(Problem::not_found)?;
    let organisation = history.organisation(connection).await?;
    let data = UserRights {
        user_id: id.into(),
        status: if account.disabled { "disabled" } else { "active" }.to_owned(),
        permissions: reasons(&organisation, &account.roles, &user),
        team: organisation.team(id).into_iter().map(Uuid::from).collect(),
    };
    let meta = Meta { as_of: time, ..Meta::default() };
    Freshness::of(head, head, None).at(position).answer(data, meta).rendered()
}

fn reasons(organisation: &Organisation, roles: &BTreeSet<Role>, user: &User) -> Vec<PermissionReason> {
    let level = |level: Level| <&str>::from(level).to_owned();
    let named = |(id, given)| {
        let definition = organisation.roles.get(&id)?.definition()?;
        let hidden = definition.hidden.iter().cloned().collect();
        Some(RoleReason { id: id.into(), name: definition.name.to_string(), level: level(given), hidden })
    };
    let reasons = organisation.reasons(roles, user.custom_roles());
    let defined: Vec<_> = user.custom_roles().iter().copied().collect();
    let hidden = organisation.rights("", &defined).hidden;
    // A role of every tenant shows everything.
    let hidden = |name: &str, known: &[Role]| {
        let hidden = hidden.get(name).filter(|_| known.is_empty());
        hidden.map(|hidden| hidden.all.iter().map(ToString::to_string).collect()).unwrap_or_default()
    };
    let told =
        reasons.into_iter().map(|(name, Reason { level: widest, roles, custom_roles })| PermissionReason {
            permission: name.to_owned(),
            level: level(widest),
            hidden: hidden(name, &roles),
            roles: roles.iter().map(|role| role.name().to_owned()).collect(),
            custom_roles: custom_roles.into_iter().filter_map(named).collect(),
        });
    told.collect()
}

/// Aggregates as they were at a point of the past.
struct Histories<'a> {
    app: &'a QueryApi,
    point: AsOf,
}

impl Histories<'_> {
    async fn user(&self, connection: &mut PgConnection, tenant: Uuid, id: UserId) -> Result<User, Problem> {
        let (mut user, mut begun) = (User::default(), false);
        let mut history = History::of(tenant, (User::TYPE, id.into()));
        while let Some(events) = history.next(&mut *connection).await.map_err(failure::database)? {
            begun = self.fold(&mut user, events, begun)?;
            if !begun {
                break;
            }
        }
        Ok(user)
    }

    /// Applies the events that count. Returns whether any did, or had `begun` to.
    fn fold<A: Aggregate>(
        &self,
        aggregate: &mut A,
        events: Vec<Recorded>,
        begun: bool,
    ) -> Result<bool, Problem> {
        let counted = self.point.select(events, begun).map_err(Problem::internal)?;
        let begun = begun || !counted.is_empty();
        for event in counted {
            self.app.0.upcasters.apply(aggregate, event).map_err(Problem::internal)?;
        }
        Ok(begun)
    }

    async fn organisation(&self, connection: &mut PgConnection) -> Result<Organisation, Problem> {
        let sql = format!("select {} {}", read::COLUMNS, include_str!("organisation.sql"));
        let mut events = sqlx::query_as::<_, Recorded>(&sql).fetch(connection);
        let mut organisation = Organisation::default();
        // Whose events these are, and whether it has begun. They are folded as they come, so that memory does not depend on how many
        // there are.
        let mut current: Option<(Uuid, bool)> = None;
        while let Some(event) = events.try_next().await.map_err(failure::database)? {
            let id = event.aggregate_id;
            let begun = match current.filter(|(of, _)| *of == id) {
                // What does not begin with its first event is not there.
                Some((_, false)) => continue,
                known => known.is_some(),
            };
            let begun = match event.aggregate_type.as_str() {
                CustomRole::TYPE => {
                    self.fold(organisation.roles.entry(id.into()).or_default(), vec![event], begun)?
                }
                Team::TYPE => {
                    self.fold(organisation.teams.entry(id.into()).or_default(), vec![event], begun)?
                }
                _ => continue,
            };
            current = Some((id, begun));
        }
        Ok(organisation)
    }
}
