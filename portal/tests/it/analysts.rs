//! `crm analyst`: a login that reads one tenant's read models, whatever SQL it sends.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::importer::{Done, Importer, MAP, TENANT, deals, finished};

const OTHER: Uuid = Uuid::from_u128(0x019b_76da_a800_7000_8000_0000_0000_0008);

/// Two tenants with 8 and 3 deals in their read models, and logins of this test's own.
struct Desk {
    importer: Importer,
    name: String,
}

impl Desk {
    async fn new() -> Self {
        let importer = Importer::with(MAP, deals(8)).await;
        importer.write("others.csv", deals(3));
        let desk = Self { importer, name: format!("t{}", Uuid::now_v7().simple()) };
        for (tenant, file) in [(TENANT, "rows.csv"), (OTHER, "others.csv")] {
            let tenant = tenant.to_string();
            let import = ["import", "--tenant", &tenant, "opportunities", file, "--map", "map.toml"];
            desk.crm(&import).await.assert(0, &[]);
        }
        desk.project().await;
        desk
    }

    async fn crm(&self, arguments: &[&str]) -> Done {
        finished(self.importer.crm(arguments)).await
    }

    /// Lets all read models fold the whole log.
    async fn project(&self) {
        let _projector = self.importer.crm(&["projector"]);
        let (head, pool) = (self.importer.head().await, self.importer.pool());
        let views = i64::try_from(projections::registry().len()).unwrap();
        let reached = async {
            let sql = "select count(*) from read_model.checkpoint where position >= $1";
            while sqlx::query_scalar::<_, i64>(sql).bind(head).fetch_one(&pool).await.unwrap() < views {}
        };
        tokio::time::timeout(Duration::from_secs(60), reached).await.expect("the read models do not move");
    }

    /// The connection string of a new analyst.
    async fn hired(&self, name: &str, tenant: Uuid) -> String {
        let created = self.crm(&["analyst", "create", name, "--tenant", &tenant.to_string()]).await;
        created.assert(0, &["postgresql://analyst_"]);
        created.out.trim().to_owned()
    }

    /// A session of an analyst of the first tenant.
    async fn analyst(&self) -> PgConnection {
        PgConnection::connect(&self.hired(&self.name, TENANT).await).await.unwrap()
    }

    async fn dismissed(&self, name: &str) {
        self.crm(&["analyst", "drop", name]).await.assert(0, &["can no longer log in"]);
    }
}

async fn count(analyst: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from sales_opportunity_list").fetch_one(analyst).await.unwrap()
}

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ANALYSTS.md");
    std::fs::read_to_string(page).unwrap()
}

#[tokio::test]
async fn an_analyst_sees_one_tenant_whatever_is_sent() {
    let desk = Desk::new().await;
    let mut analyst = desk.analyst().await;
    assert_eq!(count(&mut analyst).await, 8);
    for spell in [
        format!("set crm.tenant = '{OTHER}'"),
        "set row_security = on".to_owned(),
        "set default_transaction_read_only = off".to_owned(),
        "set role crm_analyst".to_owned(),
    ] {
        sqlx::raw_sql(&spell).execute(&mut analyst).await.unwrap();
        assert_eq!(count(&mut analyst).await, 8, "{spell}");
    }
    sqlx::raw_sql("reset role").execute(&mut analyst).await.unwrap();
    for denied in [
        "select * from log.event",
        "select * from log.head",
        "select * from log.claim",
        "select * from identity_user_list",
        "select * from identity_session_list",
        "select * from identity_key_list",
        "select * from identity.session_use",
        "select * from read_model.row_count",
        "insert into identity.analyst values (gen_random_uuid(), session_user)",
        "update identity.analyst set tenant_id = gen_random_uuid()",
        "delete from sales_opportunity_list",
        "truncate sales_opportunity_list",
        "create table read_model.mine (id uuid)",
        "create function read_model.mine() returns uuid language sql return gen_random_uuid()",
        "create or replace function identity.analyst_tenant() returns uuid language sql return gen_random_uuid()",
        "alter table sales_opportunity_list disable row level security",
        "set role crm_reader",
        "set role crm_projector",
        "set session authorization crm",
        "select pg_read_file('postgresql.conf')",
        "copy sales_opportunity_list to program 'true'",
        "do $$ begin lock table log.gate in exclusive mode; end $$",
    ] {
        let refused = sqlx::raw_sql(denied).execute(&mut analyst).await;
        let error = refused.expect_err(denied);
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{denied}: {error}");
    }
    sqlx::raw_sql("set row_security = off").execute(&mut analyst).await.unwrap();
    let refused = sqlx::query("select * from sales_opportunity_list").fetch_all(&mut analyst).await;
    assert!(refused.is_err(), "rows past the wall");
    let second = format!("{}b", desk.name);
    let mut other = PgConnection::connect(&desk.hired(&second, OTHER).await).await.unwrap();
    assert_eq!(count(&mut other).await, 3);
    let seen: Vec<Uuid> =
        sqlx::query_scalar("select tenant_id from identity.analyst").fetch_all(&mut other).await.unwrap();
    assert_eq!(seen, [OTHER]);
    desk.dismissed(&desk.name).await;
    desk.dismissed(&second).await;
}

#[tokio::test]
async fn who_is_dismissed_is_out_at_once() {
    let desk = Desk::new().await;
    let url = desk.hired(&desk.name, TENANT).await;
    let again = desk.crm(&["analyst", "create", &desk.name, "--tenant", &OTHER.to_string()]).await;
    again.assert(1, &["there is a login", "analyst drop"]);
    desk.crm(&["analyst", "list"]).await.assert(0, &[&format!("analyst_{}", desk.name), &TENANT.to_string()]);
    let mut analyst = PgConnection::connect(&url).await.unwrap();
    assert_eq!(count(&mut analyst).await, 8);
    // What an analyst owns is no reason for a login to stay, and neither is a run that was stopped after its first step.
    sqlx::raw_sql("set default_transaction_read_only = off").execute(&mut analyst).await.unwrap();
    let owns = "create temporary table mine (id uuid); select lo_create(0)";
    sqlx::raw_sql(owns).execute(&mut analyst).await.unwrap();
    let first_step = sqlx::query("delete from identity.analyst where login = $1");
    first_step.bind(format!("analyst_{}", desk.name)).execute(&desk.importer.pool()).await.unwrap();
    assert_eq!(count(&mut analyst).await, 0);
    desk.crm(&["analyst", "drop", &desk.name]).await.assert(0, &[]);
    assert!(sqlx::query("select 1").execute(&mut analyst).await.is_err());
    assert!(PgConnection::connect(&url).await.is_err());
    desk.crm(&["analyst", "drop", &desk.name]).await.assert(1, &["there is no analyst"]);
    let plain = format!("drop role if exists {0}; create role {0} login password 'x'", desk.name);
    sqlx::raw_sql(&plain).execute(&desk.importer.pool()).await.unwrap();
    let (_, place) = desk.importer.database.url().rsplit_once('@').unwrap();
    let as_plain = format!("postgresql://{}:x@{place}", desk.name);
    let refused = desk.crm(&["--database-url", &as_plain, "analyst", "list"]).await;
    refused.assert(1, &["cannot make logins", "superuser"]);
    sqlx::raw_sql(&format!("drop role {}", desk.name)).execute(&desk.importer.pool()).await.unwrap();
    desk.crm(&["analyst", "create", "Ada'; --", "--tenant", &OTHER.to_string()])
        .await
        .assert(1, &["is no name"]);
}

#[tokio::test]
async fn the_page_lists_each_column_that_analysts_see_and_nothing_else() {
    let desk = Desk::new().await;
    let mut analyst = desk.analyst().await;
    let found: Vec<(String, String, String)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)
         from pg_attribute as a join pg_class as c on c.oid = a.attrelid
         where c.relnamespace = 'read_model'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0
            and not a.attisdropped and has_table_privilege(c.oid, 'select')",
    )
    .fetch_all(&mut analyst)
    .await
    .unwrap();
    let found: BTreeSet<String> =
        found.into_iter().map(|(table, column, kind)| format!("{table}.{column} {kind}")).collect();
    let (mut told, mut table) = (BTreeSet::new(), String::new());
    for line in page().lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut table);
        } else if let Some(row) = line.strip_prefix("| `") {
            let (column, rest) = row.split_once("` | ").unwrap();
            let (kind, _) = rest.split_once(" |").unwrap();
            told.insert(format!("{table}.{column} {kind}"));
        }
    }
    assert_eq!(told, found);
    desk.dismissed(&desk.name).await;
}

#[tokio::test]
async fn the_questions_of_the_page_can_be_asked() {
    let desk = Desk::new().await;
    let mut analyst = desk.analyst().await;
    let page = page();
    let questions: Vec<&str> =
        page.split("```sql\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(questions.len(), 10);
    let mut answered = 0;
    for question in questions {
        let rows = sqlx::query(question).fetch_all(&mut analyst).await;
        answered += usize::from(!rows.unwrap_or_else(|error| panic!("{question}: {error}")).is_empty());
    }
    // The deals of this test were never leads, are not overdue and were not taken up again.
    assert!(answered >= 6, "only {answered} have an answer");
    desk.dismissed(&desk.name).await;
}
