//! `/api/v1/policies`: what a tenant asks of its users.

use axum::extract::State;
use domain::identity::policy::{Policy, PolicyAction, policy_id};
use edge::{Answer, Envelope, Failure, Permission, Problem, ok};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Refusal;
use super::permission::ChangePolicy;
use crate::answer::replayed;
use crate::caller::{Caller, ChangeHeaders};
use crate::dispatch::dispatch;
use crate::moment::Moment;
use crate::sent::Sent;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Whether users have to show a second factor.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorPolicyIn {
    /// Whether each of them has to.
    pub demanded: bool,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Whether users have to show a second factor from now on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecondFactorPolicy {
    /// Whether each of them has to.
    pub demanded: bool,
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(change_second_factor_policy))
}

/// Demand a second factor of every user, or leave it to them.
///
/// A user without one still signs in, without any role until they have one: tokens of before go on for 15 minutes. Asks for a token
/// of `POST /api/v1/sessions/step-up`. 409 `policy.second_factor_demanded`: whoever runs the portal demands one everywhere.
#[utoipa::path(
    put,
    path = "/api/v1/policies/second-factor",
    tag = "Users",
    params(ChangeHeaders),
    request_body = SecondFactorPolicyIn,
    responses(
        (status = 200, description = "Done, or nothing had to be done", body = Envelope<SecondFactorPolicy>),
        (status = 409, description = "A rule refuses it in the present state", body = Failure),
        (status = 412, description = "It has another version than If-Match asks for", body = Failure),
    ),
    extensions(("x-permission" = json!(ChangePolicy::NAME)), ("x-roles" = json!(ChangePolicy::ROLES)))
)]
async fn change_second_factor_policy(
    caller: Caller<ChangePolicy>,
    State(app): State<CommandApi>,
    sent: Sent<SecondFactorPolicyIn>,
) -> Result<Answer<SecondFactorPolicy>, Problem> {
    caller.check_recent_person(app.now())?;
    let context = caller.context(&sent, sent.body.occurred_at);
    let demanded = sent.body.demanded;
    let done = demand(&app, &context, demanded).await?;
    let answer = ok(SecondFactorPolicy { demanded }).with_version(done.version).with_position(done.position);
    Ok(if done.replayed { replayed(answer) } else { answer })
}

/// Demands a second factor of every user of a tenant, or leaves it to them.
///
/// # Errors
/// [`Refusal::SecondFactorDemandedHere`], a rule of policies, or those of [`crate::dispatch()`].
pub async fn demand(app: &CommandApi, context: &Context, demanded: bool) -> Result<Accepted, Refusal> {
    if !demanded && app.issuer().is_ok_and(|issuer| issuer.rules().demands_second_factor) {
        return Err(Refusal::SecondFactorDemandedHere);
    }
    let id = policy_id(context.tenant);
    let action =
        if demanded { PolicyAction::DemandSecondFactor } else { PolicyAction::MakeSecondFactorOptional };
    let done = dispatch(app, context, move |mut unit| async move {
        let policy = unit.load::<Policy>(id).await?;
        if context.if_match.is_some_and(|version| version != policy.sequence) {
            return Err(CommandError::StaleVersion);
        }
        let next = unit.decide(&policy, [action])?;
        Ok(unit.done(Accepted::of(id, next.sequence)))
    });
    Ok(done.await?)
}
