//! Who was erased is found nowhere any more: not in a table, not in NATS, not in what can be exported. And nothing else changed.

use std::path::Path;
use std::process::Stdio;

use embedded::testing;
use event_store::StreamNames;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::crm::{Crm, Site};

/// What tells of the people who are erased, in the words of full-text search too.
const CANARIES: [&str; 6] = ["zebulon", "quillfeather", "90817263", "ottoline", "morrell", "kanariebrowser"];
/// What is not personal and stays, so that a search which finds nothing is known to have looked.
const KEPT: &str = "Kept Engines";
const PASSWORD: &str = "correct horse battery";

/// Every row of every table as text; bytes as what they are, too.
const TABLES: &str = "
    select format('select coalesce(string_agg(t::text, chr(10)), %L) from %s as t', '', c.oid::regclass)
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

struct People {
    site: Site,
    crm: Crm,
    lead: String,
    deal: String,
    user: String,
    /// The position of the last event that is known.
    position: i64,
    /// The position of the last event before anybody is erased.
    before: i64,
}

impl People {
    /// A lead who became an opportunity, and a user who signed in; all that is told of them, and some who stay.
    async fn new(site: Site) -> Self {
        let crm = site.serve().await;
        let none = String::new();
        let mut people =
            Self { site, crm, lead: none.clone(), deal: none.clone(), user: none, position: 0, before: 0 };
        people.capture().await;
        people.sign_in().await;
        let others = json!({"name": "Ada Example", "email": "ada@engines.example"});
        people.send(Method::POST, "/leads", others).await;
        people.settle().await;
        people.before = people.position;
        people
    }

    async fn capture(&mut self) {
        let new = json!({
            "name": "Zebulon Quillfeather", "company": KEPT, "email": "zebulon@quillfeather.example",
            "phone": "+31 90817263", "source": "Fair", "custom": {"seats": 3},
        });
        self.lead = id(&self.send(Method::POST, "/leads", new).await);
        let path = format!("/leads/{}", self.lead);
        let talked = json!({"kind": "call", "summary": "Zebulon called from 90817263."});
        self.send(Method::POST, &format!("{path}/activities"), talked.clone()).await;
        let correction =
            json!({"name": "Zebulon Q. Quillfeather", "email": "z@quillfeather.example", "phone": null});
        self.send(Method::PATCH, &path, correction).await;
        self.send(Method::POST, &format!("{path}/qualify"), json!({"score": 70})).await;
        let amount = json!({"amount": "100.00", "currency": "EUR"});
        let converted = self.send(Method::POST, &format!("{path}/convert"), json!({"amount": amount})).await;
        self.deal = converted["data"]["opportunity_id"].as_str().unwrap().to_owned();
        self.send(Method::POST, &format!("/opportunities/{}/activities", self.deal), talked).await;
    }

    async fn sign_in(&mut self) {
        let tenant = self.site.tenant.to_string();
        let arguments = [
            "user",
            "register",
            "Ottoline Morrell",
            "ottoline@morrell.example",
            "--stdin",
            "--tenant",
            &tenant,
        ];
        let mut child =
            self.site.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).await.unwrap();
        let printed = child.wait_with_output().await.unwrap().stdout;
        let text = String::from_utf8(printed).unwrap();
        self.user = text.split_whitespace().nth(1).unwrap_or_else(|| panic!("{text}")).to_owned();
        assert_eq!(self.session("ottoline@morrell.example").await, 201);
        let renamed = json!({"name": "Lady Ottoline", "email": "lady@morrell.example"});
        self.send(Method::PATCH, &format!("/users/{}", self.user), renamed).await;
    }

    /// The status of an attempt to sign in.
    async fn session(&self, email: &str) -> u16 {
        let body = json!({"tenant_id": self.site.tenant, "email": email, "password": PASSWORD});
        let request = self
            .site
            .client
            .post(format!("{}/sessions", self.crm.api))
            .header("User-Agent", "KanarieBrowser/7");
        request.json(&body).send().await.unwrap().status().as_u16()
    }

    async fn send(&mut self, method: Method, path: &str, body: Value) -> Value {
        let request = self.site.client.request(method, format!("{}{path}", self.crm.api));
        let answer = request.bearer_auth(&self.site.token).json(&body).send().await.unwrap();
        let status = answer.status();
        let position = answer.headers().get("x-position").and_then(|value| value.to_str().ok()?.parse().ok());
        let answer: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{path}: {answer}");
        self.position = position.unwrap_or(self.position);
        answer
    }

    /// Waits until every read model has folded the log.
    async fn settle(&self) {
        loop {
            let behind: i64 = sqlx::query_scalar(
                "select count(*) from read_model.checkpoint where position < (select position from log.head)",
            )
            .fetch_one(&self.site.pool())
            .await
            .unwrap();
            if behind == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.site.read(&self.crm, path, self.position).await
    }

    /// What lists, boards and reports tell in numbers.
    async fn totals(&self) -> Vec<Value> {
        let mut totals = Vec::new();
        for list in [
            "/leads",
            "/leads?filter[status]=converted",
            "/leads?filter[source]=Fair",
            "/opportunities",
            "/users",
        ] {
            totals.push(json!(self.get(list).await["data"]["items"].as_array().unwrap().len()));
        }
        assert_eq!(self.get("/leads").await["meta"]["total"], 2);
        assert_eq!(totals, [json!(2), json!(1), json!(1), json!(1), json!(1)]);
        for report in ["sales?group_by=source", "forecast", "stages"] {
            let shown = self.get(&format!("/reports/{report}")).await;
            assert!(shown["data"].is_object(), "{report}: {shown}");
            totals.push(shown["data"].clone());
        }
        let board = self.get(&format!("/opportunities/{}", self.deal)).await;
        totals.push(board["data"]["amount"].clone());
        totals
    }

    /// All that can be read over HTTP and from the command line.
    async fn exports(&self) -> String {
        let mut text = String::new();
        let mut paths = vec![
            "/leads".to_owned(),
            "/opportunities".to_owned(),
            "/users".to_owned(),
            "/audit/events?page_size=200".to_owned(),
        ];
        for thing in [
            format!("/leads/{}", self.lead),
            format!("/opportunities/{}", self.deal),
            format!("/users/{}", self.user),
        ] {
            paths.push(format!("{thing}?as_of={}", self.before));
            paths.push(format!("{thing}?as_of=2099-01-01T00:00:00Z"));
            if !thing.starts_with("/users") {
                paths.push(format!("{thing}/history"));
            }
            paths.push(thing);
        }
        for path in paths {
            let answer = self.get(&path).await;
            assert_eq!(answer["success"], true, "{path}: {answer}");
            text += &answer.to_string();
        }
        let lines =
            self.site.client.get(format!("{}/audit/events", self.crm.api)).bearer_auth(&self.site.token);
        text += &lines.header("Accept", "application/x-ndjson").send().await.unwrap().text().await.unwrap();
        for arguments in [&["replay"][..], &["replay", "--open"]] {
            let (done, printed) = self.site.run(arguments).await;
            assert!(done, "{printed}");
            text += &printed;
        }
        text
    }

    /// Every table of the database as text.
    async fn tables(&self) -> String {
        let pool = self.site.pool();
        let dumps: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&pool).await.unwrap();
        assert!(dumps.len() >= 15, "{dumps:?}");
        let mut text = String::new();
        for dump in dumps {
            text += &sqlx::query_scalar::<_, String>(&dump).fetch_one(&pool).await.unwrap();
        }
        text
    }

    async fn log(&self) -> String {
        let sql = "select string_agg(e::text, chr(10)) from log.event as e";
        sqlx::query_scalar(sql).fetch_one(&self.site.pool()).await.unwrap()
    }

    /// Every message of the stream.
    async fn messages(&self) -> String {
        let client = async_nats::connect(&self.site.nats_url).await.unwrap();
        let name = StreamNames::rooted(self.site.nats_root.clone()).stream();
        let stream = async_nats::jetstream::new(client).get_stream(name).await.unwrap();
        let state = stream.cached_info().state.clone();
        let mut text = String::new();
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.unwrap();
            text += &String::from_utf8_lossy(&message.payload);
        }
        text
    }
}

fn id(answer: &Value) -> String {
    answer["data"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The canaries that a text holds, in whatever case, also as the hexadecimal in which bytes are shown.
fn found(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let hex = |canary: &str| canary.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    CANARIES.into_iter().filter(|canary| text.contains(canary) || text.contains(&hex(canary))).collect()
}

/// All files below a folder, as text.
fn files(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        text += &if path.is_dir() {
            files(&path)
        } else {
            String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
        };
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_who_was_erased_nothing_is_found_in_tables_messages_or_exports_and_everything_else_stays() {
    let nats = tokio::task::spawn_blocking(testing::own_nats).await.unwrap();
    let mut people = People::new(Site::with_nats(nats.url(), "crm".into()).await).await;
    // Sealed from the first, and readable for those who may.
    assert_eq!(found(&people.log().await), [""; 0]);
    assert_eq!(found(&people.messages().await), [""; 0]);
    assert_eq!(found(&people.exports().await), CANARIES);
    assert_eq!(
        found(&people.tables().await),
        CANARIES,
        "read models show all but the browser, which the trail has"
    );
    let before = people.totals().await;
    let (sound, text) = people.site.run(&["verify"]).await;
    assert!(sound, "{text}");
    let seal = text.lines().find_map(|line| line.strip_prefix("seal ")).unwrap().to_owned();

    let path = format!("/leads/{}/erase", people.lead);
    people.send(Method::POST, &path, json!({})).await;
    let tenant = people.site.tenant.to_string();
    let (erased, text) = people.site.run(&["erase", "--tenant", &tenant, "user", &people.user]).await;
    assert!(erased && text.contains("no read model shows anything"), "{text}");
    people.settle().await;

    let tables = people.tables().await;
    assert!(tables.contains(KEPT) && tables.contains("lead.erased"), "all tables were looked at");
    assert_eq!(found(&tables), [""; 0]);
    let exports = people.exports().await;
    assert!(exports.contains(KEPT) && exports.contains(&people.user));
    assert_eq!(found(&exports), [""; 0]);
    let messages = people.messages().await;
    assert!(messages.contains(KEPT) && messages.contains("user.erased"));
    assert_eq!(found(&messages), [""; 0]);
    assert_eq!(people.totals().await, before);
    // Nothing in the log has changed, and the read models are what it leads to.
    let (sound, text) = people.site.run(&["verify", "--expect", &seal]).await;
    assert!(sound, "{text}");
    let (rebuilt, text) = people.site.run(&["rebuild"]).await;
    assert!(rebuilt, "{text}");
    people.site.assert_verified().await;
    assert_eq!(found(&people.tables().await), [""; 0]);

    // It stays so.
    let refused = people.site.client.post(format!("{}/leads/{}/reopen", people.crm.api, people.lead));
    let refused: Value = refused.bearer_auth(&people.site.token).send().await.unwrap().json().await.unwrap();
    assert_eq!(refused["error"]["code"], "lead.erased");
    assert_eq!(people.session("lady@morrell.example").await, 401);
    let lead = people.get(&format!("/leads/{}", people.lead)).await;
    assert_eq!((&lead["data"]["name"], &lead["data"]["email"]), (&json!("erased"), &Value::Null));
    assert_eq!(lead["data"]["status"], "converted");
    let again = json!({"name": "Somebody else", "email": "lady@morrell.example"});
    people.send(Method::POST, "/users", again).await;

    people.crm.kill().await;
    let store = nats.store_dir();
    let mut nats = nats;
    let (_nats, stored) = tokio::task::spawn_blocking(move || {
        nats.kill().unwrap();
        let stored = files(&store);
        (nats, stored)
    })
    .await
    .unwrap();
    assert!(stored.contains("sales.lead.captured"), "the store was looked at");
    // The new user has the address that was given free, sealed as well.
    assert_eq!(found(&stored), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_gone_without_an_erasure_is_noticed() {
    let people = People::new(Site::new().await).await;
    people.site.assert_verified().await;
    let lost = "delete from identity.person_key where aggregate_type = 'sales.lead'";
    sqlx::query(lost).execute(&people.site.pool()).await.unwrap();
    let (sound, text) = people.site.run(&["verify"]).await;
    assert!(!sound && text.contains("its key is lost"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_destroyed_by_hand_is_noticed() {
    let people = People::new(Site::new().await).await;
    let destroyed =
        "update identity.person_key set wrapped = null, erased_at = 1 where aggregate_type = 'sales.lead'";
    sqlx::query(destroyed).execute(&people.site.pool()).await.unwrap();
    let (sound, text) = people.site.run(&["verify", "--log-only"]).await;
    assert!(!sound && text.contains("no event says that anybody was erased"), "{text}");
}
