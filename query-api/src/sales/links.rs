//! Where to go from a lead or a deal: what belongs to it, and the commands that its status and the caller's roles allow.

use domain::identity::permission::{self, Permission};
use edge::{Identity, Links};

use crate::as_of::AsOf;
use crate::list::link;
use crate::row::Facts;

/// A command: its name, its method, its path below that of the thing, and its permission.
struct Command {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    permission: Permission,
}

const fn patch(permission: Permission) -> Command {
    Command { name: "patch", method: "PATCH", path: "", permission }
}

const fn post(name: &'static str, path: &'static str, permission: Permission) -> Command {
    Command { name, method: "POST", path, permission }
}

const CORRECT: Command = patch(permission::LEAD_CORRECT);
const LEAD_ACTIVITIES: Command = post("activities", "/activities", permission::LEAD_LOG_ACTIVITY);
const LIVE_LEAD: &[Command] = &[
    CORRECT,
    post("assign", "/assign", permission::LEAD_ASSIGN),
    LEAD_ACTIVITIES,
    post("qualify", "/qualify", permission::LEAD_QUALIFY),
    post("disqualify", "/disqualify", permission::LEAD_DISQUALIFY),
    post("convert", "/convert", permission::LEAD_CONVERT),
];
const DISQUALIFIED_LEAD: &[Command] =
    &[CORRECT, LEAD_ACTIVITIES, post("reopen", "/reopen", permission::LEAD_REOPEN)];
const CONVERTED_LEAD: &[Command] = &[LEAD_ACTIVITIES];

const DEAL_ACTIVITIES: Command = post("activities", "/activities", permission::OPPORTUNITY_LOG_ACTIVITY);
const OPEN_DEAL: &[Command] = &[
    patch(permission::OPPORTUNITY_REVISE),
    post("assign", "/assign", permission::OPPORTUNITY_ASSIGN),
    DEAL_ACTIVITIES,
    post("move", "/move", permission::OPPORTUNITY_MOVE),
    post("win", "/win", permission::OPPORTUNITY_WIN),
    post("lose", "/lose", permission::OPPORTUNITY_LOSE),
];
const CLOSED_DEAL: &[Command] = &[DEAL_ACTIVITIES, post("reopen", "/reopen", permission::OPPORTUNITY_REOPEN)];

const ERASE_LEAD: Command = post("erase", "/erase", permission::LEAD_ERASE);
const ERASE_DEAL: Command = post("erase", "/erase", permission::OPPORTUNITY_ERASE);

/// The links of a lead.
pub(super) fn of_lead(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let path = format!("/api/v1/leads/{}", facts.id);
    let commands = match facts.status {
        _ if facts.erased_at.is_some() => &[],
        "open" | "qualified" => LIVE_LEAD,
        "disqualified" => DISQUALIFIED_LEAD,
        "converted" => CONVERTED_LEAD,
        _ => &[],
    };
    let links = basic(&path, as_of);
    let links = related(links, "opportunity", "/api/v1/opportunities", facts.opportunity_id);
    // Nothing can be done with the past.
    if as_of.is_some() {
        return links;
    }
    let erase = Some(&ERASE_LEAD).filter(|_| facts.erased_at.is_none());
    with_commands(links, &path, commands.iter().chain(erase), facts, caller)
}

/// The links of a deal.
pub(super) fn of_opportunity(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let path = format!("/api/v1/opportunities/{}", facts.id);
    let commands = match facts.status {
        "open" => OPEN_DEAL,
        "won" | "lost" => CLOSED_DEAL,
        _ => &[],
    };
    let erased = facts.erased_at.is_some();
    let commands = commands.iter().filter(|command| !erased || command.path != DEAL_ACTIVITIES.path);
    let commands = commands.chain(Some(&ERASE_DEAL).filter(|_| !erased));
    let links = related(basic(&path, as_of), "pipeline", "/api/v1/pipelines", facts.pipeline_id);
    let links = related(links, "lead", "/api/v1/leads", facts.lead_id);
    // Nothing can be done with the past.
    if as_of.is_some() { links } else { with_commands(links, &path, commands, facts, caller) }
}

fn basic(path: &str, as_of: Option<AsOf>) -> Links {
    let as_of = as_of.map(AsOf::text);
    let itself = link(path, as_of.iter().map(|text| ("as_of", text.as_str())));
    Links::new().itself(itself).get("history", format!("{path}/history"))
}

fn related(links: Links, name: &'static str, path: &str, id: Option<&str>) -> Links {
    match id {
        Some(id) => links.get(name, format!("{path}/{id}")),
        None => links,
    }
}

/// The commands of a thing that the caller may give.
fn with_commands(
    links: Links,
    path: &str,
    commands: impl IntoIterator<Item = &'static Command>,
    facts: &Facts<'_>,
    caller: &Identity,
) -> Links {
    let reaches = |command: &&Command| {
        let Permission { name, roles, .. } = command.permission;
        let reach = caller.reach(name, roles);
        reach.is_some_and(|reach| reach.covers(facts.owner.as_deref()))
    };
    let add = |links: Links, command: &Command| {
        links.with(command.name, command.method, format!("{path}{}", command.path))
    };
    commands.into_iter().filter(reaches).fold(links, add)
}
