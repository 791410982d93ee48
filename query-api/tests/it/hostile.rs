//! Whatever a client sends, it is told what is wrong with it, or that there is nothing; never that we failed.

use crate::world::World;

const NASTY: &[&str] = &[
    "",
    " ",
    "'",
    "''",
    "\"",
    "\\",
    "\\'",
    "%",
    "_",
    "*",
    "(",
    ")",
    "!",
    "&",
    "|",
    "<->",
    ":*",
    "a:*",
    "a & !b",
    "a:b",
    "' or true --",
    "'; drop table log.event; --",
    "$1",
    "{}",
    "[]",
    "null",
    "NaN",
    "Infinity",
    "-",
    "--",
    "+",
    ".",
    "1e400",
    "99999999999999999999999999999999",
    "-0",
    "0x10",
    "1_000",
    "٣",
    "\u{0}",
    "\u{1}",
    "\u{202e}",
    "\u{feff}",
    "😀",
    "é́́́",
    "ﬃ",
    "İ",
    "ẞ",
    "a\u{300}",
    "\u{10ffff}",
    "\n",
    "\r\n",
    "\t",
    "/../..",
    "http://a.b/c?d=e#f",
    "a@b.c",
    "1.2.3.4",
    "<b>",
    "2025-02-30",
    "9999-12-31",
    "0000-00-00",
    "-999-01-01",
    "-9999-1-01",
    "2025- 1-01",
    "9999-12-31T23:59:60Z",
    "0000-01-01T00:00:00Z",
    "2025-01-01T00:00:00+99:99",
    "00000000-0000-0000-0000-000000000000",
];

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn assert_harmless(world: &World, uri: &str) {
    let status = world.get(uri).await.status;
    assert!(status.is_success() || status.is_client_error(), "{uri}: {status}");
}

#[tokio::test]
async fn no_search_is_an_error_of_ours() {
    let world = World::new().await;
    world.lead("Ada Example").await;
    world.settle().await;
    for q in NASTY {
        assert_harmless(&world, &format!("/api/v1/leads?q={}", escaped(q))).await;
        assert_harmless(&world, &format!("/api/v1/leads?q={}", escaped(&format!("ada {q} x{q}y")))).await;
    }
    let long = "a".repeat(200);
    let reply = world.get(&format!("/api/v1/leads?q={long}")).await;
    assert!(reply.status.is_success());
    assert_eq!(world.get(&format!("/api/v1/leads?q={long}a")).await.bad_fields(), ["q"]);
}

#[tokio::test]
async fn no_filter_is_an_error_of_ours() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    world.deal(&stages, "Engine").await;
    world.settle().await;
    let fields =
        ["id", "name", "amount", "probability", "expected_close", "opened_at", "status", "custom.a", "lost"];
    for field in fields {
        for op in ["", "[eq]", "[ne]", "[gte]", "[contains]", "[null]", "[", "[]", "[in]"] {
            for value in NASTY {
                let name = escaped(&format!("filter[{field}]{op}"));
                assert_harmless(&world, &format!("/api/v1/opportunities?{name}={}", escaped(value))).await;
            }
        }
    }
}

#[tokio::test]
async fn no_parameter_is_an_error_of_ours() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let deal = world.deal(&stages, "Engine").await;
    world.settle().await;
    let (pipeline, paths) = (stages.pipeline, ["leads", "opportunities", "pipelines", "audit/events"]);
    for value in NASTY {
        let value = escaped(value);
        for path in paths {
            for name in [
                "sort",
                "page",
                "page_size",
                "cursor",
                "filter",
                "filter%5B%5D",
                "filter%5Bcustom.%5D",
                &value,
            ] {
                assert_harmless(&world, &format!("/api/v1/{path}?{name}={value}")).await;
            }
        }
        for (uri, names) in [
            ("audit/events".to_owned(), &["aggregate", "actor", "type", "from", "to", "after", "before"][..]),
            ("reports/sales".to_owned(), &["group_by", "group_by=owner&from", "group_by=owner&currency"]),
            ("reports/stages".to_owned(), &["from", "to", "pipeline_id"]),
            ("reports/forecast".to_owned(), &["months", "pipeline_id"]),
            (format!("pipelines/{pipeline}/board"), &["cards"]),
            (format!("opportunities/{deal}"), &["as_of"]),
        ] {
            for name in names {
                assert_harmless(&world, &format!("/api/v1/{uri}?{name}={value}")).await;
            }
        }
        assert_harmless(&world, &format!("/api/v1/leads/{value}")).await;
        assert_harmless(&world, &format!("/api/v1/reports/sales?group_by=custom.{value}")).await;
    }
}

#[tokio::test]
async fn everything_that_is_bad_is_named_at_once() {
    let world = World::new().await;
    let uri = "/api/v1/leads?filter[custom.A]=1&filter[custom.a][gt]=x&filter[custom.b][null]=maybe&filter[x]=1\
               &sort=phone&page=0&page_size=1000&cursor=zzz&cursor=zzz&q=&unknown=1";
    let reply = world.get(uri).await;
    let mut fields = reply.bad_fields();
    fields.sort_unstable();
    let expected = [
        "cursor",
        "filter[custom.A]",
        "filter[custom.a][gt]",
        "filter[custom.b][null]",
        "filter[x]",
        "page",
        "page",
        "page_size",
        "q",
        "sort",
        "unknown",
    ];
    assert_eq!(fields, expected);
    for raw in
        ["q=%ff", "%ff=1", "cursor=%ff", "filter[custom.a]=%ff", "sort=%e2%28%a1", "q=%00", "&&&", "=", "=1"]
    {
        assert_harmless(&world, &format!("/api/v1/leads?{raw}")).await;
    }
    let many: String = (0..21).map(|index| format!("filter[custom.f{index}]=1&")).collect();
    assert_eq!(world.get(&format!("/api/v1/leads?{many}")).await.bad_fields(), ["filter"]);
    assert_eq!(world.get("/api/v1/pipelines?filter[custom.a]=1").await.bad_fields(), ["filter[custom.a]"]);
    for (uri, fields) in [
        ("/api/v1/reports/sales", &["group_by"][..]),
        (
            "/api/v1/reports/sales?group_by=name&from=2025-13-01&currency=eur",
            &["group_by", "from", "currency"],
        ),
        ("/api/v1/reports/sales?group_by=owner&from=2025-02-01&to=2025-02-01", &["to"]),
        ("/api/v1/reports/stages?from=2025-02-01&to=2025-01-01", &["to"]),
        ("/api/v1/reports/forecast?months=0", &["months"]),
        ("/api/v1/reports/forecast?months=37", &["months"]),
        ("/api/v1/audit/events?page_size=0&after=-1", &["page_size", "after"]),
        ("/api/v1/audit/events?aggregate=lead&from=2025", &["aggregate", "from"]),
    ] {
        assert_eq!(world.get(uri).await.bad_fields(), fields, "{uri}");
    }
}
