//! Random commands for each aggregate, valid and not.

pub mod billing;

use std::fmt::Debug;

pub use billing::{
    customer_commands, invoice_commands, legal_entity_commands, payment_commands, series_commands,
};
use chrono::Duration;
use domain::fixtures::{at, email, euros, id, percent, prose, text};
use domain::identity::custom_role::{CustomRoleAction, CustomRoleCommand};
use domain::identity::provider::fixtures::{issuer, settings};
use domain::identity::provider::{ProviderAction, ProviderCommand, Settings};
use domain::identity::session::{Device, EndReason, Method, SessionAction, SessionCommand};
use domain::identity::team::{TeamAction, TeamCommand};
use domain::identity::user::{UserAction, UserCommand};
use domain::identity::{Grants, Level, Role};
use domain::sales::ActivityKind;
use domain::sales::import::fixtures::source;
use domain::sales::import::{ImportAction, ImportCommand, Source};
use domain::sales::lead::fixtures::new_lead;
use domain::sales::lead::{LeadAction, LeadCommand, LeadCorrection};
use domain::sales::opportunity::fixtures::new_opportunity;
use domain::sales::opportunity::{
    Direction, NewOpportunity, OpportunityAction, OpportunityCommand, OpportunityRevision,
};
use domain::sales::pipeline::{PipelineAction, PipelineCommand, Stage};
use domain::{Command, Personal, StageId};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

/// Actions every other hour of March, give or take two, so that some come before the one they follow.
fn commands<A: Debug + Clone>(action: impl Strategy<Value = A>) -> impl Strategy<Value = Vec<Command<A>>> {
    vec((0..5_i64, action), 1..40).prop_map(|actions| {
        let hours = (0..).step_by(2);
        let command = |(hour, (late, action))| Command {
            occurred_at: at(1, 0) + Duration::hours(hour + late),
            now: at(31, 0),
            action,
        };
        hours.zip(actions).map(command).collect()
    })
}

fn stage_id() -> impl Strategy<Value = StageId> {
    (1..6_u128).prop_map(id)
}

/// What may be asked of a deal, in any order.
pub fn opportunity_commands() -> impl Strategy<Value = Vec<OpportunityCommand>> {
    commands(prop_oneof![
        1 => stage_id().prop_map(|stage| {
            let new = NewOpportunity { stage, amount: None, ..new_opportunity() };
            OpportunityAction::Open(Box::new(new))
        }),
        4 => (stage_id(), 0..=100_u8)
            .prop_map(|(to, value)| OpportunityAction::Move {
                    to,
                    probability: percent(value),
                    direction: if value % 2 == 0 { Direction::Forward } else { Direction::Back },
                }),
        1 => (0..3_u8).prop_map(|n| {
            let amount = Some((n > 0).then(|| euros(&n.to_string())));
            OpportunityAction::Revise(Box::new(OpportunityRevision { amount, ..OpportunityRevision::default() }))
        }),
        1 => (0..3_u8).prop_map(|n| OpportunityAction::Assign { owner: (n > 0).then(|| text(&n.to_string())) }),
        1 => any::<bool>().prop_map(|given| OpportunityAction::Win { amount: given.then(|| euros("5")) }),
        1 => Just(OpportunityAction::Lose { reason: text("Too dear") }),
        2 => stage_id().prop_map(|stage| OpportunityAction::Reopen { stage, probability: percent(30) }),
        1 => Just(OpportunityAction::LogActivity { kind: ActivityKind::Note, summary: prose("Noted").into() }),
        1 => Just(OpportunityAction::Withdraw { reason: text("Undone") }),
        1 => Just(OpportunityAction::Erase),
    ])
}

/// What may be asked of a lead, in any order.
pub fn lead_commands() -> impl Strategy<Value = Vec<LeadCommand>> {
    commands(prop_oneof![
        2 => Just(LeadAction::Capture(Box::new(new_lead()))),
        1 => (0..3_u8).prop_map(|n| LeadAction::Assign { owner: (n > 0).then(|| text(&n.to_string())) }),
        2 => (0..=100_u8).prop_map(|value| LeadAction::Qualify { score: percent(value) }),
        2 => Just(LeadAction::Disqualify { reason: text("No budget") }),
        2 => Just(LeadAction::Reopen),
        1 => Just(LeadAction::LogActivity { kind: ActivityKind::Call, summary: prose("Called").into() }),
        1 => (1..3_u128).prop_map(|n| LeadAction::Convert { opportunity: id(n) }),
        1 => (0..3_u8).prop_map(|n| {
            let company = Some((n > 0).then(|| text(&n.to_string())));
            LeadAction::Correct(Box::new(LeadCorrection { company, ..LeadCorrection::default() }))
        }),
        1 => Just(LeadAction::Withdraw { reason: text("Undone") }),
        1 => Just(LeadAction::Erase),
    ])
}

fn stage() -> impl Strategy<Value = Stage> {
    (stage_id(), "[ABab]", 0..=100_u8).prop_map(|(id, name, value)| Stage {
        id,
        name: text(&name),
        probability: percent(value),
    })
}

/// What may be asked of a pipeline, in any order.
pub fn pipeline_commands() -> impl Strategy<Value = Vec<PipelineCommand>> {
    commands(prop_oneof![
        1 => vec(stage(), 0..3).prop_map(|stages| PipelineAction::Create { name: text("Sales"), stages }),
        1 => "[ab]".prop_map(|name| PipelineAction::Rename { name: text(&name) }),
        2 => (stage(), proptest::option::of(stage_id()))
            .prop_map(|(stage, before)| PipelineAction::AddStage { stage, before }),
        1 => (stage_id(), "[A-F]").prop_map(|(stage, name)| PipelineAction::RenameStage { stage, name: text(&name) }),
        1 => (stage_id(), 0..=100_u8)
            .prop_map(|(stage, value)| PipelineAction::ChangeProbability { stage, probability: percent(value) }),
        1 => vec(stage_id(), 1..4).prop_map(|stages| PipelineAction::ReorderStages { stages }),
        1 => stage_id().prop_map(|stage| PipelineAction::RetireStage { stage }),
    ])
}

/// What may be asked of an import, in any order.
pub fn import_commands() -> impl Strategy<Value = Vec<ImportCommand>> {
    commands(prop_oneof![
        (1..3_u32).prop_map(|rows| ImportAction::Start(Source { rows, ..source() })),
        (0..3_u32, 0..2_u32).prop_map(|(accepted, rejected)| ImportAction::Finish { accepted, rejected }),
        (0..3_u32, 0..2_u32).prop_map(|(withdrawn, kept)| ImportAction::Undo { withdrawn, kept }),
    ])
}

/// What may be asked of a user's account, in any order.
pub fn user_commands() -> impl Strategy<Value = Vec<UserCommand>> {
    let name = || "[ab]".prop_map(|name| Personal::new(text(&name)));
    let address = || "[ab]".prop_map(|local| Personal::new(email(&format!("{local}@engines.example"))));
    let role = || proptest::sample::select(Role::ALL);
    commands(prop_oneof![
        1 => (name(), address(), btree_set(role(), 0..3))
            .prop_map(|(name, email, roles)| UserAction::Register { name, email, roles }),
        1 => name().prop_map(|name| UserAction::Rename { name }),
        1 => address().prop_map(|email| UserAction::ChangeEmail { email }),
        2 => role().prop_map(|role| UserAction::GrantRole { role }),
        2 => role().prop_map(|role| UserAction::RevokeRole { role }),
        1 => (91..93_u128).prop_map(|n| UserAction::GrantCustomRole { role: id(n) }),
        1 => (91..93_u128).prop_map(|n| UserAction::RevokeCustomRole { role: id(n) }),
        1 => Just(UserAction::Disable),
        1 => Just(UserAction::Enable),
        1 => (1..4_u128).prop_map(|n| UserAction::ChangePassword { password: id(n) }),
        1 => (1..4_u128).prop_map(|n| UserAction::GiveFirstPassword { password: id(n), until: at(31, 12) }),
        1 => Just(UserAction::SignOutEverywhere),
        1 => Just(UserAction::Erase),
        1 => Just(UserAction::Invite),
        1 => (1..3_u128).prop_map(|n| UserAction::EnableSecondFactor { factor: id(n), recovery_codes: 1 }),
        1 => Just(UserAction::DisableSecondFactor),
        2 => Just(UserAction::UseRecoveryCode),
        1 => (1..3_u128, 30..32_u32).prop_map(|(n, day)| UserAction::IssueKey {
            key: id(n),
            name: text("Key"),
            scopes: [text("lead.read")].into(),
            expires_at: at(day, 12),
        }),
        1 => (1..3_u128).prop_map(|n| UserAction::RevokeKey { key: id(n) }),
        1 => (1..3_u128).prop_map(|n| UserAction::LinkProvider { link: id(n), issuer: issuer() }),
        1 => Just(UserAction::UnlinkProvider),
    ])
}

/// What may be asked of a tenant's provider, in any order.
pub fn provider_commands() -> impl Strategy<Value = Vec<ProviderCommand>> {
    let terms = (1..3_u128, option::of(Just(Role::Viewer)), any::<bool>(), any::<bool>());
    commands(prop_oneof![
        3 => terms.prop_map(|(secret, newcomers, passwords, is_vouching)| ProviderAction::Configure {
            settings: Settings {
                secret: id(secret),
                newcomers,
                passwords,
                second_factor_values: is_vouching.then(|| text("mfa")).into_iter().collect(),
                ..settings()
            },
        }),
        1 => Just(ProviderAction::Remove),
    ])
}

/// What may be asked of a session, in any order.
pub fn session_commands() -> impl Strategy<Value = Vec<SessionCommand>> {
    let reason = prop_oneof![Just(EndReason::SignedOut), Just(EndReason::Reused)];
    commands(prop_oneof![
        (1..4_u128, ".{0,3}").prop_map(|(user, told)| SessionAction::Start {
            method: Method::Password,
            user: id(user),
            device: Personal::new(Device::of(&told)),
        }),
        Just(SessionAction::StepUp),
        reason.prop_map(|reason| SessionAction::End { reason }),
    ])
}

/// What may be asked of a custom role, in any order; some of it can be given to nobody.
pub fn custom_role_commands() -> impl Strategy<Value = Vec<CustomRoleCommand>> {
    let name = || "[ab]".prop_map(|name| text(&name));
    let permission = || proptest::sample::select(&["lead.read", "pipeline.read", "user.disable"][..]);
    let level = || proptest::sample::select(&[Level::Own, Level::Team, Level::All][..]);
    let grants = move || {
        btree_map(permission().prop_map(str::to_owned), level(), 0..2).prop_map(|grants: Grants| grants)
    };
    let field = || proptest::sample::select(&["lead.email", "opportunity.amount", "lead.name"][..]);
    let hidden = move || btree_set(field().prop_map(str::to_owned), 0..2);
    commands(prop_oneof![
        1 => (name(), grants(), hidden())
            .prop_map(|(name, grants, hidden)| CustomRoleAction::Define { name, grants, hidden }),
        2 => hidden().prop_map(|hidden| CustomRoleAction::Hide { hidden }),
        2 => name().prop_map(|name| CustomRoleAction::Rename { name }),
        3 => grants().prop_map(|grants| CustomRoleAction::Grant { grants }),
        1 => Just(CustomRoleAction::Retire),
    ])
}

/// What may be asked of a team, in any order.
pub fn team_commands() -> impl Strategy<Value = Vec<TeamCommand>> {
    let name = || "[ab]".prop_map(|name| text(&name));
    let user = || (1..4_u128).prop_map(id);
    let above = || option::of((101..103_u128).prop_map(id));
    commands(prop_oneof![
        2 => (name(), option::of(user()), above())
            .prop_map(|(name, manager, parent)| TeamAction::Form { name, manager, parent }),
        2 => name().prop_map(|name| TeamAction::Rename { name }),
        2 => option::of(user()).prop_map(|manager| TeamAction::Appoint { manager }),
        2 => above().prop_map(|parent| TeamAction::Place { parent }),
        3 => user().prop_map(|user| TeamAction::AddMember { user }),
        3 => user().prop_map(|user| TeamAction::RemoveMember { user }),
        1 => Just(TeamAction::Dissolve),
    ])
}
