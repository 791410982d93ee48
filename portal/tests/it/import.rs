use std::os::unix::fs::PermissionsExt as _;

use crate::importer::{Importer, MAP, deals, docs, events_of, finished};

#[tokio::test]
async fn rows_come_in_as_events_that_name_their_import_and_its_actor() {
    let crm = Importer::with(MAP, deals(40)).await;
    let done = crm.import("opportunities", &["--actor", "kim"]).await;
    done.assert(
        0,
        &["rows      40", "accepted  40", "rejected  0", "(lose 10, open 40, win 10)", "events    60"],
    );
    let import = crm.newest().await;
    assert!(done.out.contains(&format!("import    {import}")), "{done:?}");
    let deals = crm.facts("sales.opportunity").await;
    assert_eq!(deals.len(), 40);
    for (sequence, event_type, _, metadata) in deals.values().flatten() {
        assert_eq!(metadata["import"], import.as_str());
        assert_eq!(metadata["actor"], "kim");
        let at = match (*sequence, event_type.as_str()) {
            (1, "opportunity.opened") => "2026-01-02T00:00:00Z",
            (2, "opportunity.won") => "2026-02-03T00:00:00Z",
            (2, "opportunity.lost") => "2026-02-04T00:00:00Z",
            other => panic!("{other:?}"),
        };
        assert_eq!(metadata["occurred_at"], at);
    }
    let list = crm.run(&["list"]).await;
    list.assert(0, &["opportunities  rows.csv, 40 rows  finished: 40 accepted, 0 rejected"]);
}

#[tokio::test]
async fn a_finished_import_is_not_repeated() {
    let crm = Importer::with(MAP, deals(10)).await;
    crm.import("opportunities", &[]).await.assert(0, &[]);
    let head = crm.head().await;
    let again = crm.import("opportunities", &[]).await;
    again.assert(0, &["rows.csv was imported before: 10 accepted, 0 rejected; nothing to do"]);
    crm.import("opportunities", &["--again"]).await.assert(0, &["nothing to do"]);
    assert_eq!(crm.head().await, head);
}

#[tokio::test]
async fn the_same_file_by_another_map_is_refused_unless_it_is_meant() {
    let crm = Importer::with(MAP, deals(3)).await;
    crm.import("opportunities", &[]).await.assert(0, &[]);
    let (head, import) = (crm.head().await, crm.newest().await);
    crm.write("map.toml", format!("{MAP}notes = {{ value = \"x\" }}\n"));
    crm.import("opportunities", &[]).await.assert(1, &[&format!("crm import undo {import}"), "--again"]);
    crm.import("opportunities", &["--dry-run"]).await.assert(0, &["would be refused", "note 3"]);
    assert_eq!(crm.head().await, head);
    crm.import("opportunities", &["--again"]).await.assert(0, &["note 3"]);
    assert_eq!(crm.count("opportunity.opened").await, 6);
}

#[tokio::test]
async fn a_dry_run_tells_what_would_happen_and_appends_nothing() {
    let crm = Importer::with(MAP, deals(8) + "D8,Deal 8,1,2026-01-02,won,2026-01-01\n").await;
    let done = crm.import("opportunities", &["--dry-run"]).await;
    done.assert(2, &["nothing was appended", "rows      9", "(lose 2, open 8, win 2)", "events    12"]);
    done.assert(2, &["1 row: win: the opportunity's stage or status has changed after that time (line 10)"]);
    assert_eq!(crm.head().await, 0);
    assert!(crm.read("rows.rejects.csv").lines().count() == 2);
    crm.run(&["list"]).await.assert(0, &["this tenant has no imports"]);
}

#[tokio::test]
async fn bad_rows_go_to_a_private_file_and_nowhere_else_and_the_others_go_on() {
    let map = "[fields]\nname = { column = \"name\" }\nemail = { column = \"mail\" }\n";
    let csv = "name,mail\nAda,ada@engines.example\nZaphod,zaphod(at)betelgeuse\nBob\n";
    let crm = Importer::with(map, csv).await;
    let done = crm.import("leads", &["--rejects", "bad.csv"]).await;
    done.assert(2, &["accepted  1", "rejected  2", "rejected rows are in bad.csv"]);
    done.assert(2, &["1 row: email: must be an e-mail address (line 3)"]);
    for name in ["Zaphod", "Bob", "betelgeuse", "Ada"] {
        assert!(!done.out.contains(name) && !done.err.contains(name), "{done:#?}");
    }
    let rejects = "name,mail,line,reason\n\
                   Zaphod,zaphod(at)betelgeuse,3,email: must be an e-mail address\n\
                   Bob,,4,\"has 1 cells, but there are 2 headings\"\n";
    assert_eq!(crm.read("bad.csv"), rejects);
    let file = std::fs::metadata(crm.folder.path().join("bad.csv")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert_eq!(crm.count("lead.captured").await, 1);
    crm.run(&["list"]).await.assert(0, &["finished: 1 accepted, 2 rejected"]);
}

#[tokio::test]
async fn mistakes_in_map_or_file_end_it_before_anything_is_appended() {
    let crm = Importer::with("[fields]\nnmae = { column = \"name\" }", deals(1)).await;
    crm.import("opportunities", &[]).await.assert(1, &["fields.nmae is not known here; did you mean name?"]);
    crm.write("map.toml", "[fields]\nname = { column = \"nam\" }");
    crm.import("opportunities", &[]).await.assert(1, &["no column \"nam\"; did you mean name?"]);
    crm.write("map.toml", "[fields]\nname = { column = \"name\" }\nstage = { value = \"Engaged\" }");
    crm.import("opportunities", &[])
        .await
        .assert(1, &["must be a stage of the pipeline: Prospect, Qualified"]);
    crm.write("map.toml", "pipeline = \"Partners\"\n[fields]\nname = { column = \"name\" }");
    crm.import("opportunities", &[]).await.assert(1, &["there is no pipeline \"Partners\""]);
    assert_eq!(crm.head().await, 0);
}

#[tokio::test]
async fn two_processes_at_the_same_import_do_it_once() {
    let crm = Importer::with(MAP, deals(400)).await;
    let arguments = ["opportunities", "rows.csv", "--map", "map.toml"];
    let (one, other) = (crm.spawn(&arguments), crm.spawn(&arguments));
    let (one, other) = tokio::join!(finished(one), finished(other));
    one.assert(0, &[]);
    other.assert(0, &[]);
    let deals = crm.facts("sales.opportunity").await;
    assert_eq!((deals.len(), deals.values().flatten().count()), (400, events_of(400)));
    assert_eq!((crm.count("import.started").await, crm.count("import.finished").await), (1, 1));
}

#[tokio::test]
async fn the_example_in_the_documents_runs_as_it_stands_there() {
    let text = std::fs::read_to_string(docs("IMPORT.md")).unwrap();
    let crm = Importer::new().await;
    for name in ["deals.csv", "teams.csv", "deals.toml"] {
        let content = std::fs::read_to_string(docs("examples").join(name)).unwrap();
        assert!(text.contains(&content), "docs/IMPORT.md shows another {name}");
        crm.write(name, content);
    }
    let done = crm.run(&["opportunities", "deals.csv", "--map", "deals.toml", "--dry-run"]).await;
    done.assert(0, &["accepted  3", "(lose 1, open 3, win 1)"]);
}
