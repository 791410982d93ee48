//! Tokens are good by the clock of the process that is asked, whichever it was taken by before.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::DAY;
use crate::token;
use crate::world::World;

/// How long an API may be unavailable while clocks change.
const PATIENCE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(30);

/// What there is to judge by: a name, and the seconds from now in which the token is good. None of them ends or begins
/// within minutes of a time that a clock shows here.
const KINDS: [(&str, Range<i64>); 6] = [
    ("a token of a quarter of an hour", -60..900),
    ("a token of an hour", -60..3600),
    ("a token that expired a quarter of an hour ago", -3600..-900),
    ("a token that is good in an hour", 3600..2 * 3600),
    ("a token that was issued tomorrow", DAY - 900..DAY + 3600),
    ("a token that expired yesterday", -DAY - 900..-DAY + 3600),
];

/// Tokens of one moment, of every kind.
pub(super) struct Tokens {
    all: Vec<(&'static str, Range<i64>, String)>,
    http: reqwest::Client,
}

impl Tokens {
    pub(super) fn sign(world: &World) -> anyhow::Result<Self> {
        let tenant = world.site.tenants[0].id;
        let signed = KINDS
            .into_iter()
            .map(|(kind, times)| anyhow::Ok((kind, times.clone(), token::sign(&world.key, tenant, &times)?)));
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?;
        Ok(Self { all: signed.collect::<anyhow::Result<_>>()?, http })
    }

    /// Each API takes the tokens that are good by its clock, which is off by that many seconds, and answers 401 to all
    /// others. Asked twice, since an API remembers what it has taken.
    pub(super) async fn judge(&self, world: &World, off: impl Fn(&str) -> i64) -> anyhow::Result<()> {
        let apis = (1..).zip(&world.site.commands).map(|(number, _)| format!("command-api-{number}"));
        for api in apis.chain(["query-api".to_owned()]) {
            let clock = off(&api);
            for (kind, times, token) in self.all.iter().chain(&self.all) {
                let (taken, good) = (self.is_taken(world, &api, token).await?, times.contains(&clock));
                match (taken, good) {
                    (true, false) => bail!("{api} takes {kind} while its clock is off by {clock} s"),
                    (false, true) => bail!("{api} refuses {kind} while its clock is off by {clock} s"),
                    (true, true) | (false, false) => {}
                }
            }
        }
        Ok(())
    }

    /// Whether the API takes the token: a read is then answered, and a command that says nothing is refused for that.
    async fn is_taken(&self, world: &World, api: &str, token: &str) -> anyhow::Result<bool> {
        let begun = Instant::now();
        loop {
            let request = match api.strip_prefix("command-api-") {
                Some(number) => {
                    let address = world.site.commands[number.parse::<usize>()? - 1];
                    let url = format!("http://{address}/api/v1/opportunities");
                    self.http.post(url).header("Idempotency-Key", "token").json(&json!({}))
                }
                None => self.http.get(format!("http://{}/api/v1/opportunities", world.site.queries)),
            };
            let answer = request.bearer_auth(token).send().await;
            let (status, body) = match answer {
                Ok(answer) => (Some(answer.status()), answer.json::<Value>().await.unwrap_or_default()),
                Err(_) => (None, Value::Null),
            };
            let good = if api == "query-api" { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            if status == Some(good) {
                return Ok(true);
            }
            if status == Some(StatusCode::UNAUTHORIZED) && body["error"]["status"] == 401 {
                return Ok(false);
            }
            let passes = status.is_none_or(|status| status == StatusCode::SERVICE_UNAVAILABLE);
            ensure!(passes && begun.elapsed() < PATIENCE, "{api} answered {status:?} to a token: {body}");
            tokio::time::sleep(AGAIN).await;
        }
    }
}
