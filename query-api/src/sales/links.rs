//! Where to go from a lead or a deal: what belongs to it, and the commands that its status and the caller's roles allow.

use edge::{Identity, Links, Role};

use crate::as_of::AsOf;
use crate::list::link;
use crate::row::Facts;

/// The roles that may change leads and deals.
const SELLERS: &[Role] = &[Role::Admin, Role::SalesManager, Role::SalesRep];

/// A command: its name, its method, and its path below that of the thing.
struct Command {
    name: &'static str,
    method: &'static str,
    path: &'static str,
}

const fn post(name: &'static str, path: &'static str) -> Command {
    Command { name, method: "POST", path }
}

const PATCH: Command = Command { name: "patch", method: "PATCH", path: "" };
const ASSIGN: Command = post("assign", "/assign");
const ACTIVITIES: Command = post("activities", "/activities");
const REOPEN: Command = post("reopen", "/reopen");

const LIVE_LEAD: &[Command] = &[
    PATCH,
    ASSIGN,
    ACTIVITIES,
    post("qualify", "/qualify"),
    post("disqualify", "/disqualify"),
    post("convert", "/convert"),
];
const DISQUALIFIED_LEAD: &[Command] = &[PATCH, ACTIVITIES, REOPEN];
const CONVERTED_LEAD: &[Command] = &[ACTIVITIES];

const OPEN_DEAL: &[Command] =
    &[PATCH, ASSIGN, ACTIVITIES, post("move", "/move"), post("win", "/win"), post("lose", "/lose")];
const CLOSED_DEAL: &[Command] = &[ACTIVITIES, REOPEN];

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
    with_commands(links, &path, commands, as_of, caller)
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
    let commands = commands.iter().filter(|command| !erased || command.path != ACTIVITIES.path);
    let links = related(basic(&path, as_of), "pipeline", "/api/v1/pipelines", facts.pipeline_id);
    let links = related(links, "lead", "/api/v1/leads", facts.lead_id);
    with_commands(links, &path, commands, as_of, caller)
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

/// Nothing can be done with the past.
fn with_commands(
    links: Links,
    path: &str,
    commands: impl IntoIterator<Item = &'static Command>,
    as_of: Option<AsOf>,
    caller: &Identity,
) -> Links {
    if as_of.is_some() || !caller.has_any(SELLERS) {
        return links;
    }
    let add = |links: Links, command: &Command| {
        links.with(command.name, command.method, format!("{path}{}", command.path))
    };
    commands.into_iter().fold(links, add)
}
