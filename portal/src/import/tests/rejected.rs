use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use super::{Files, deals};
use crate::import::leads::Leads;
use crate::import::rejects::Rejects;

/// A map of a deal's name, and whatever else.
fn map(more: &str) -> String {
    format!("[fields]\nname = {{ column = \"n\" }}\n{more}")
}

#[test]
fn what_the_map_asks_of_files_that_they_do_not_have_is_found_before_any_row() {
    let mistake = |map: &str| Files::new(map, "id,product,product,account\n").mistake(&deals());
    assert_eq!(
        mistake("[fields]\nname = { column = \"acount\" }\nowner = { column = \"product\" }\nnotes = {}\n"),
        "the map ./map.toml: \n  fields.name: rows.csv has no column \"acount\"; did you mean account?\n  \
         fields.owner: rows.csv has two columns \"product\"\n  \
         fields.notes: needs one of `column`, `value` and `template`"
    );
    assert_eq!(mistake("[fields]"), "the map ./map.toml: fields.name is missing");
    let keyed = "[source]\nkey = \"ID\"\n[fields]\nname = { column = \"id\" }";
    assert_eq!(
        mistake(keyed),
        "the map ./map.toml: source.key: rows.csv has no column \"ID\"; did you mean id?"
    );
    let brace = "[fields]\nname = { template = \"{id\" }";
    assert!(mistake(brace).ends_with("fields.name: the template \"{id\" has a brace without its partner"));
    let format = "[fields]\nname = { column = \"id\" }\nopened_at = { column = \"id\", format = \"%Q\" }";
    assert!(mistake(format).ends_with("the format \"%Q\" is not in the notation of strftime"));
}

#[test]
fn headings_are_shown_only_if_they_are_near_since_they_may_be_somebodys_data() {
    let mistake = Files::new(&map(""), "Ada Lovelace,ada@engines.example\n").mistake(&Leads);
    assert_eq!(mistake, "the map ./map.toml: fields.name: rows.csv has no column \"n\"");
}

#[test]
fn values_of_the_map_that_can_never_go_are_found_before_any_row() {
    let entries = r#"
        stage = { column = "s", values = { "Engaging" = "Engaged" }, default = "Prospect" }
        outcome = { column = "s", values = { "W" = "win" } }
        probability = { value = 110 }
    "#;
    let custom = "\n[custom]\nvisits = { value = \"many\", type = \"number\" }\n";
    let mistake = Files::new(&map(&(entries.to_owned() + custom)), "n,s\n").mistake(&deals());
    assert_eq!(
        mistake,
        "values of the map: \n  fields.outcome: \"win\" must be won, lost or empty\n  \
         fields.probability: \"110\" must be a whole number from 0 to 100\n  \
         fields.stage: \"Engaged\" must be a stage of the pipeline: Prospect, Qualified, Proposal, Negotiation\n  \
         custom.visits: \"many\" must be a number"
    );
}

#[test]
fn joins_need_keys_that_tell_rows_apart() {
    let joined = "[[join]]\nname = \"j\"\nfile = \"j.csv\"\non = \"n\"\nkey = \"k\"\n".to_owned() + &map("");
    let mistake = |csv: &str| Files::new(&joined, "n\n").with("j.csv", csv).mistake(&deals());
    assert_eq!(
        mistake("k\n1\n2\n1\n"),
        "the map ./map.toml: join j: line 4 of j.csv has the same \"k\" as a line before"
    );
    assert!(mistake("k\n1,2\n").ends_with("line 2 of j.csv has 2 cells, but there are 1 headings"));
    assert!(Files::new(&joined, "n\n").mistake(&deals()).contains("join j: cannot read ./j.csv"));
}

#[test]
fn each_bad_row_is_rejected_for_all_its_reasons_and_the_others_go_on() {
    let map = r#"
        [source]
        key = "id"
        [[join]]
        name = "team"
        file = "team.csv"
        on = "n"
        key = "n"
        required = true
        [fields]
        name = { column = "n" }
        stage = { column = "s" }
        amount = { column = "v", currency = "JPY" }
        opened_at = { column = "from" }
        outcome = { column = "out" }
        closed_at = { column = "to" }
        lost_reason = { column = "why" }
        [custom]
        region = { column = "team.region", required = true }
    "#;
    let mut csv = b"id,n,s,v,from,out,to,why\n\
        1,a,,,,,,\n\
        2,a,,,,,\n\
        3,a,,,,,,,\n\
        4,a,,,,,,\xE4\n\
        ,a,,,,,,\n\
        1,a,,,,,,\n\
        5,nobody,,,,,,\n\
        6,b,,,,,,\n"
        .to_vec();
    csv.extend_from_slice(
        b"7,,Signed,1.5,soon,maybe,,\n\
        8,a,,1,2026-01-05,won,2026-01-04,\n\
        9,a,,,2026-01-05,won,2026-01-06,\n\
        10,a,,1,,won,2026-01-06,\n\
        11,a,,,2026-01-05,lost,2026-01-06,\n\
        12,a,,,2026-01-05,,2026-01-06,\n\
        13,a,,,2027-01-05,,,\n\
        14,a,,,,,,\n",
    );
    let files = Files::new(map, csv).with("team.csv", "n,region\na,North\nb,\n,South\n");
    let expected = [
        (3, "has 7 cells, but there are 8 headings"),
        (4, "has 9 cells, but there are 8 headings"),
        (5, "is no UTF-8"),
        (6, "source.key: is empty"),
        (7, "source.key: is that of line 2"),
        (8, "join team: no row of team.csv belongs to it; custom.region: is empty"),
        (9, "custom.region: is empty"),
        (
            10,
            "join team: no row of team.csv belongs to it; \
             opened_at: must be a time written as 2026-01-31 or 2026-01-31T12:00:00Z; \
             outcome: must be won, lost or empty; \
             stage: must be a stage of the pipeline: Prospect, Qualified, Proposal, Negotiation; \
             name: is empty; amount: must have an amount of at most 0 decimal places in JPY, had 1; \
             custom.region: is empty",
        ),
        (11, "win: the opportunity's stage or status has changed after that time"),
        (12, "win: the opportunity has no amount; give the amount it is won for"),
        (13, "opened_at: is empty, but closed_at is not"),
        (14, "lost_reason: is empty, but the outcome is lost"),
        (15, "closed_at: says when, but there is no outcome"),
        (16, "open: nothing can happen to an opportunity in the future"),
    ];
    assert_eq!(files.reasons(&deals()), expected.map(|(line, reason)| (line, reason.to_owned())));
}

#[test]
fn no_reason_repeats_what_a_cell_says() {
    const SECRET: &str = "Zaphod@\u{202e}";
    let map = r#"
        [source]
        key = "k"
        [fields]
        name = { column = "n" }
        company = { column = "s" }
        email = { column = "s" }
        phone = { column = "s" }
        captured_at = { column = "s" }
        status = { column = "s" }
        [custom]
        number = { column = "s", type = "number" }
        flag = { column = "s", type = "flag" }
        day = { column = "s", format = "%Y" }
        text = { column = "s" }
    "#;
    let csv = format!("k,n,s\n{SECRET},{SECRET},{SECRET}\n1,{SECRET},{SECRET},{SECRET}\n{SECRET},a,\n");
    let reasons = Files::new(map, csv).reasons(&Leads);
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert_eq!(reasons[0].1.matches("; ").count(), 9, "{reasons:?}");
    assert!(!format!("{reasons:?}").contains("Zaphod"), "{reasons:?}");
}

#[test]
fn rejected_rows_are_written_with_line_and_reason_for_their_owner_only() {
    let csv = "n,v\n\"a, b\",1\nc\nd,1,\"2\n3\"\n";
    let files = Files::new(&map("amount = { column = \"v\" }\n"), csv);
    let out = files.folder.path().join("out.csv");
    std::fs::write(&out, "of an earlier run").unwrap();
    std::fs::set_permissions(&out, Permissions::from_mode(0o644)).unwrap();
    write_rejects(&files, &out);
    assert_eq!(
        std::fs::read_to_string(&out).unwrap(),
        "n,v,line,reason\n\
         \"a, b\",1,2,amount: has no currency: the map must name one\n\
         c,,3,\"has 1 cells, but there are 2 headings\"\n\
         d,\"1,2\n3\",4,\"has 3 cells, but there are 2 headings\"\n"
    );
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn rejected_rows_that_are_rejected_again_get_their_new_line_and_reason() {
    let again = Files::new(&map(""), "n,v,line,reason\n,1,17,old\n,2,18,old\n");
    let out = again.folder.path().join("again.csv");
    write_rejects(&again, &out);
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text, "n,v,line,reason\n,1,2,name: is empty\n,2,3,name: is empty\n");
}

#[test]
fn rejected_rows_do_not_overwrite_the_file() {
    let files = Files::new(&map(""), "n\n");
    let plan = files.plan::<Leads>().unwrap();
    let own = plan.table.path.clone();
    assert!(Rejects::new(&plan.table, Some(&own)).is_err());
}

fn write_rejects(files: &Files, out: &std::path::Path) {
    let plan = files.plan::<crate::import::deals::Deals>().unwrap();
    let mut rejects = Rejects::new(&plan.table, Some(out)).unwrap();
    for rejected in files.prepare(&deals()).into_iter().filter_map(Result::err) {
        rejects.add(&rejected).unwrap();
    }
    rejects.flush().unwrap();
    assert_eq!(rejects.path(), Some(out));
}
