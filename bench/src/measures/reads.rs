//! Reads over HTTP: one deal, a list, a board; answered from what is kept, or made anew.

use std::time::Duration;

use domain::TenantId;
use domain::sales::pipeline::default_pipeline_id;
use event_store::read;
use futures::future::{FutureExt as _, LocalBoxFuture};
use projections::rebuild::{Then, rebuild};
use projections::registry;
use uuid::Uuid;

use super::Measure;
use crate::bench::Bench;
use crate::http::{Connection, request};
use crate::load::{FlatOut, Paced};
use crate::outcome::{Bar, Row};
use crate::process::bare::{Bare, Handler};
use crate::process::{Access, Crm};
use crate::references::statement::{Transaction, end_of, logged_since};
use crate::rounds::alternate;
use crate::servers::Place;
use crate::workload::history::{self, Spread};

/// Keep-alive connections.
const CONNECTIONS: usize = 16;
/// Connections of the bare handler's pool, as many as `crm` gives the query API.
const POOL: u32 = 24;

/// The three reads, each a hit and a miss.
pub struct Reads;

/// A question, and the part of it that can be spelled in many ways.
pub struct Question {
    title: &'static str,
    target: String,
    spelled: String,
}

impl Measure for Reads {
    fn name(&self) -> &'static str {
        "reads"
    }

    fn about(&self) -> &'static str {
        "a deal, a list and a board of 50,000, kept and made anew, beside bare handlers"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            // 1,000 deals in each sample.
            let more = i64::try_from(bench.options.amount(49, 0))?;
            let tenant = history::fill(&place, more, Spread::OneTenant).await?;
            fold(&place).await?;
            let access = Access::of(tenant)?;
            let questions = questions(&place, tenant).await?;
            let transactions = transactions(bench, &place, &access, &questions).await?;
            let crm = Crm::start(&bench.options, "query-api", &place, &access).await?;
            let mut rows = Vec::new();
            for question in &questions {
                rows.push(hit(bench, &crm, &access, question).await?);
            }
            for (question, transaction) in questions.iter().zip(transactions) {
                rows.push(miss(bench, &place, &crm, &access, question, transaction).await?);
            }
            crm.stop().await?;
            bench.servers.clear(place).await?;
            Ok(rows)
        }
        .boxed_local()
    }
}

/// Fills the read models that are read here.
pub async fn fold(place: &Place) -> anyhow::Result<()> {
    let mut owner = place.owner().await?;
    let head = read::head(&mut owner).await?;
    for model in registry() {
        if ["sales_opportunity_list", "sales_pipeline_list"].contains(&model.name()) {
            sqlx::query("insert into read_model.checkpoint (view, position) values ($1, $2)")
                .bind(model.name())
                .bind(head)
                .execute(&mut owner)
                .await?;
            rebuild(&mut owner, &model, event_store::fixtures::upcasters(), Then::Switch, |_| {}).await?;
            sqlx::raw_sql(&format!("vacuum analyze read_model.{}", model.name())).execute(&mut owner).await?;
        }
    }
    Ok(())
}

async fn questions(place: &Place, tenant: TenantId) -> anyhow::Result<[Question; 3]> {
    let id: Uuid = sqlx::query_scalar(
        "select id from read_model.sales_opportunity_list where tenant_id = $1 order by position desc limit 1",
    )
    .bind(tenant.as_uuid())
    .fetch_one(&mut place.owner().await?)
    .await?;
    let pipeline = default_pipeline_id(tenant);
    let question =
        |title, target: String, spelled: &str| Question { title, target, spelled: spelled.to_owned() };
    Ok([
        question("a deal by its id", format!("/api/v1/opportunities/{id}"), &id.to_string()),
        list(),
        question("the board", format!("/api/v1/pipelines/{pipeline}/board"), &pipeline.to_string()),
    ])
}

/// The first page of the deals.
pub fn list() -> Question {
    const QUERY: &str = "sort=-opened_at&page_size=20";
    Question {
        title: "a list of 20",
        target: format!("/api/v1/opportunities?{QUERY}"),
        spelled: QUERY.to_owned(),
    }
}

/// What the query API asks of PostgreSQL for each question, as a process of it for this alone shows.
async fn transactions(
    bench: &Bench,
    place: &Place,
    access: &Access,
    questions: &[Question],
) -> anyhow::Result<Vec<Transaction>> {
    let root = &place.root;
    place.execute(&format!("alter database {root} set log_statement = 'all'")).await?;
    let crm = Crm::start(&bench.options, "query-api", place, access).await?;
    let log = bench.servers.postgres_log();
    let mut connection = Connection::open(&crm.address).await?;
    let mut transactions = Vec::new();
    for Question { target, title, .. } in questions {
        let end = end_of(&log)?;
        let answer = connection.exchange(request("GET", target, &access.token, &[], "").as_bytes()).await?;
        anyhow::ensure!(answer.status == 200, "{title} is answered with {}", answer.status);
        let transaction = logged_since(&log, end)?;
        anyhow::ensure!(!transaction.statements.is_empty(), "no statement of {title} is in the log");
        transactions.push(transaction);
    }
    crm.stop().await?;
    place.execute(&format!("alter database {root} reset log_statement")).await?;
    Ok(transactions)
}

fn load(address: &str, access: &Access, question: &Question, turn: Duration) -> FlatOut {
    FlatOut {
        address: address.to_owned(),
        connections: CONNECTIONS,
        milliseconds: u64::try_from(turn.as_millis()).unwrap_or(u64::MAX),
        request: request("GET", &question.target, &access.token, &[], ""),
        spelled: None,
        cache: Some("hit".to_owned()),
    }
}

async fn hit(bench: &Bench, crm: &Crm, access: &Access, question: &Question) -> anyhow::Result<Row> {
    let mut connection = Connection::open(&crm.address).await?;
    let ask = request("GET", &question.target, &access.token, &[], "");
    let body = String::from_utf8(connection.exchange(ask.as_bytes()).await?.body)?;
    let bytes = body.len();
    let bare = Bare::start(&Handler::Bytes { body }).await?;
    let one = |address: &str, turn| load(address, access, question, turn);
    one(&crm.address, bench.options.warm_up()).rate().await?;
    one(&bare.address, bench.options.warm_up()).rate().await?;
    let turn = bench.options.turn();
    let pair = alternate(
        bench.options.rounds,
        async || one(&crm.address, turn).rate().await,
        async || one(&bare.address, turn).rate().await,
    )
    .await?;
    let title = format!("read of {}, unchanged", question.title);
    let note = format!(
        "The same question by {CONNECTIONS} connections, while nothing changes: {bytes} bytes of JSON of 50,000 deals. The \
         bare handler sends the same bytes from memory, and checks no token."
    );
    Ok(Row::compared(&title, "reads/s", "bare axum", pair, Bar::Percent(60.0)).noting(note))
}

async fn miss(
    bench: &Bench,
    place: &Place,
    crm: &Crm,
    access: &Access,
    question: &Question,
    transaction: Transaction,
) -> anyhow::Result<Row> {
    let statements = transaction.statements.len();
    let database_url = place.database_url.clone();
    let bare = Bare::start(&Handler::Statements { database_url, connections: POOL, transaction }).await?;
    let mut misses = Misses::new(access, question);
    let mut others = Misses::new(access, question);
    misses.rate(&crm.address, bench.options.warm_up()).await?;
    others.rate(&bare.address, bench.options.warm_up()).await?;
    let turn = bench.options.turn();
    let pair = alternate(
        bench.options.rounds,
        async || misses.rate(&crm.address, turn).await,
        async || others.rate(&bare.address, turn).await,
    )
    .await?;
    let title = format!("read of {}, a miss", question.title);
    let note = format!(
        "The same question, but spelled with other percent signs each time, so that no kept answer is found for it. The bare \
         handler runs the same statements ({statements}, as PostgreSQL logged them, with the values in place) in the same \
         read-only transaction of the tenant, and sends the documents as they come. It checks no token, does not ask how \
         fresh they are, and adds no links."
    );
    Ok(Row::compared(&title, "reads/s", "bare axum", pair, Bar::Percent(70.0)).noting(note))
}

/// Reads that are spelled in a new way each time.
pub struct Misses<'a> {
    access: &'a Access,
    question: &'a Question,
    next: u64,
}

impl<'a> Misses<'a> {
    pub fn new(access: &'a Access, question: &'a Question) -> Self {
        Self { access, question, next: 1 }
    }

    /// So many of them per second, over so many connections.
    pub fn paced(&mut self, address: &str, turn: Duration, connections: usize, per_second: u32) -> Paced {
        let FlatOut { address, milliseconds, request, .. } = load(address, self.access, self.question, turn);
        let spelled = Some((self.question.spelled.clone(), self.advance()));
        Paced { address, connections, milliseconds, per_second, request, spelled }
    }

    /// The number of the next spelling. More follow than are asked for in a turn.
    fn advance(&mut self) -> u64 {
        let next = self.next;
        self.next += 1 << 18;
        next
    }

    /// Successful reads per second.
    pub async fn rate(&mut self, address: &str, turn: Duration) -> anyhow::Result<f64> {
        let load = FlatOut {
            spelled: Some((self.question.spelled.clone(), self.advance())),
            cache: Some("miss".to_owned()),
            ..load(address, self.access, self.question, turn)
        };
        load.rate().await
    }
}
