use chrono::{DateTime, NaiveDate, Utc};
use domain::fixtures::{custom, custom_number, custom_text, prose, text};
use domain::sales::ActivityKind;
use domain::sales::lead::{LeadAction, NewLead};
use domain::sales::opportunity::{NewOpportunity, OpportunityAction};
use domain::{Currency, CustomValue, EmailAddress, Money, Percent, Personal, Phone};

use super::{Files, deals};
use crate::import::leads::Leads;

fn utc(text: &str) -> Option<DateTime<Utc>> {
    Some(text.parse().unwrap())
}

fn dollars(amount: &str) -> Option<Money> {
    Some(Money::parse(amount, Currency::parse("USD").unwrap()).unwrap())
}

const NAME: &str = "[fields]\nname = { column = \"n\" }\n";

/// The deals that the rows open.
fn all_opened(files: &Files) -> Vec<NewOpportunity> {
    let opened = |row: Result<Vec<_>, String>| {
        let (_, _, OpportunityAction::Open(new)) = row.unwrap().remove(0) else { panic!("opens nothing") };
        *new
    };
    files.actions(&deals()).into_iter().map(opened).collect()
}

fn opened(files: &Files) -> NewOpportunity {
    all_opened(files).remove(0)
}

/// The custom fields of the first row.
fn custom_of(map: &str, csv: &str) -> domain::CustomFields {
    opened(&Files::new(&format!("{NAME}[custom]\n{map}"), csv)).custom
}

#[test]
fn a_row_becomes_the_commands_that_the_api_takes() {
    let map = r#"
        [source]
        key = "id"
        [fields]
        name = { column = "n" }
        owner = { column = "o" }
        account = { column = "a" }
        product = { column = "p" }
        source = { value = "Fair" }
        amount = { column = "v", currency = "USD" }
        stage = { column = "s" }
        probability = { column = "%" }
        expected_close = { column = "e" }
        opened_at = { column = "from" }
        outcome = { column = "out" }
        closed_at = { column = "to" }
        won_amount = { column = "w", currency = "USD" }
        lost_reason = { column = "why" }
        notes = { column = "note" }
    "#;
    let csv = "id,n,o,a,p,v,s,%,e,from,out,to,w,why,note\n\
               1,Ann,Kim,Acme,Pump,10.5,proposal,70%,2026-05-01,2026-01-02,won,2026-01-03,12,,\"two\nlines\"\n\
               2,Ben,,,,,,,,,LOST,,,too late,\n";
    let deals = deals();
    let stages = deals.pipeline.stages();
    let rows = Files::new(map, csv).actions(&deals);
    let (opened_at, won_at) = (utc("2026-01-02T00:00:00Z"), utc("2026-01-03T00:00:00Z"));
    let ann = NewOpportunity {
        name: text("Ann"),
        pipeline: deals.id,
        stage: stages[2].id,
        probability: Percent::new(70).unwrap(),
        amount: dollars("10.5"),
        expected_close: NaiveDate::from_ymd_opt(2026, 5, 1),
        product: Some(text("Pump")),
        account: Some(text("Acme")),
        owner: Some(text("Kim")),
        source: Some(text("Fair")),
        lead: None,
        custom: custom([]),
    };
    let ben = NewOpportunity {
        name: text("Ben"),
        stage: stages[0].id,
        probability: stages[0].probability,
        amount: None,
        expected_close: None,
        product: None,
        account: None,
        owner: None,
        ..ann.clone()
    };
    let note = OpportunityAction::LogActivity {
        kind: ActivityKind::Note,
        summary: Personal::new(prose("two\nlines")),
    };
    assert_eq!(
        rows,
        [
            Ok(vec![
                ("open", opened_at, OpportunityAction::Open(Box::new(ann))),
                ("note", opened_at, note),
                ("win", won_at, OpportunityAction::Win { amount: dollars("12") }),
            ]),
            Ok(vec![
                ("open", None, OpportunityAction::Open(Box::new(ben))),
                ("lose", None, OpportunityAction::Lose { reason: text("too late") }),
            ]),
        ]
    );
}

#[test]
fn a_row_becomes_a_lead_with_what_was_found_of_it() {
    let map = r#"
        [source]
        delimiter = ";"
        [fields]
        name = { template = ["{first} {last}", "Lead {id}"] }
        company = { column = "c" }
        email = { column = "mail" }
        phone = { column = ["mobile", "phone"] }
        captured_at = { column = "at", format = ["%d.%m.%Y %H:%M", "%s"] }
        status = { column = "ok", values = { y = "qualified", n = "disqualified" } }
        score = { value = 50 }
        disqualified_reason = { value = "No interest" }
    "#;
    let csv = "id;first;last;c;mail;mobile;phone;at;ok\n\
               1;Ada;Lovelace;Engines;ada@engines.example;;+44 1;24.12.2025 18:30;y\n\
               2;Ada;;;;;;1700000000;n\n\
               3;Bob;Moss;;;;;;\n";
    let ada = NewLead {
        name: Personal::new(text("Ada Lovelace")),
        company: Some(text("Engines")),
        email: Some(Personal::new(EmailAddress::parse("ada@engines.example").unwrap())),
        phone: Some(Personal::new(Phone::parse("+44 1").unwrap())),
        source: None,
        owner: None,
        custom: custom([]),
    };
    let nobody = NewLead { company: None, email: None, phone: None, ..ada.clone() };
    let second = NewLead { name: Personal::new(text("Lead 2")), ..nobody.clone() };
    let bob = NewLead { name: Personal::new(text("Bob Moss")), ..nobody };
    let (first_at, second_at) = (utc("2025-12-24T18:30:00Z"), utc("2023-11-14T22:13:20Z"));
    let capture = |lead| LeadAction::Capture(Box::new(lead));
    assert_eq!(
        Files::new(map, csv).actions(&Leads),
        [
            Ok(vec![
                ("capture", first_at, capture(ada)),
                ("qualify", first_at, LeadAction::Qualify { score: Percent::new(50).unwrap() }),
            ]),
            Ok(vec![
                ("capture", second_at, capture(second)),
                ("disqualify", second_at, LeadAction::Disqualify { reason: text("No interest") }),
            ]),
            Ok(vec![("capture", None, capture(bob))]),
        ]
    );
}

#[test]
fn cells_are_trimmed_corrected_translated_and_emptied_in_this_order() {
    let map = r#"
        empty = ["-"]
        [corrections]
        p = { "GTXPro" = "GTX Pro", "none" = "-" }
        [fields]
        name = { template = "{p}!", default = "nothing" }
        product = { column = "p", values = { "GTX Pro" = "The Pro", "-" = "Unknown" } }
        account = { column = "a", empty = ["n/a"], default = "Acme" }
        owner = { column = "a", values = { "n/a" = "" } }
    "#;
    let new = |csv: &str| opened(&Files::new(map, csv));
    let first = new("p,a\n GTXPro ,n/a\n");
    assert_eq!(first.name, text("GTX Pro!"));
    assert_eq!(first.product, Some(text("The Pro")));
    assert_eq!((first.account, first.owner), (Some(text("Acme")), None));
    let second = new("p,a\nnone,Beta\n");
    assert_eq!((second.name, second.product), (text("nothing"), Some(text("Unknown"))));
    assert_eq!((second.account, second.owner), (Some(text("Beta")), Some(text("Beta"))));
}

#[test]
fn false_stands_for_nothing_in_fields_and_for_itself_in_custom_ones() {
    let map = r#"
        [fields]
        name = { value = "x" }
        owner = { column = "a", values = { "none" = false } }
        [custom]
        flag = { column = "a", values = { "none" = false } }
    "#;
    let new = opened(&Files::new(map, "a\nnone\n"));
    assert_eq!((new.owner, new.custom), (None, custom([("flag", CustomValue::Flag(false))])));
}

#[test]
fn custom_fields_hold_text_numbers_and_flags() {
    let map = r#"
        text = { column = "a" }
        number = { column = "b", type = "number", decimal = "," }
        flag = { column = "c", type = "flag" }
        day = { column = "d", format = "%d.%m.%Y" }
        five = { value = 5 }
        half = { value = 0.5 }
        nothing = { column = "e", type = "number" }
    "#;
    assert_eq!(
        custom_of(map, "n,a,b,c,d,e\nx,007,\"1.234,5\",Yes,31.12.2025,\n"),
        custom([
            ("text", custom_text("007")),
            ("number", custom_number(1234.5)),
            ("flag", CustomValue::Flag(true)),
            ("day", custom_text("2025-12-31")),
            ("five", custom_number(5.0)),
            ("half", custom_number(0.5)),
        ])
    );
}

#[test]
fn amounts_are_read_as_people_write_them_and_of_the_currency_of_the_row() {
    let map = format!(
        "{NAME}amount = {{ column = \"v\", decimal = \",\", currency = {{ column = \"c\", values = {{ \"€\" = \"EUR\" }} }} }}"
    );
    let new = opened(&Files::new(&map, "n,v,c\nx,\"1.234.567,5\",€\n"));
    assert_eq!(new.amount, Some(Money::parse("1234567.50", Currency::EUR).unwrap()));
}

#[test]
fn columns_of_joined_files_are_there_under_their_name() {
    let map = r#"
        [[join]]
        file = "people.csv"
        on = "who"
        key = "id"
        [[join]]
        name = "office"
        file = "offices.csv"
        delimiter = ";"
        on = "people.city"
        key = "city"
        [corrections]
        "people.id" = { "one" = "1" }
        [fields]
        name = { column = "n" }
        owner = { column = "people.name" }
        [custom]
        office = { template = "{office.street}, {people.city}" }
    "#;
    let files = Files::new(map, "n,who\na,1\nb,2\nc,\n")
        .with("people.csv", "\u{feff}id,name,city\r\none,Kim,Rome\r\n2,Lee,Oslo\r\n,A,\r\n,B,\r\n")
        .with("offices.csv", "city;street\nRome;Via Appia 1\n");
    let opened = all_opened(&files).into_iter();
    let found: Vec<_> =
        opened.map(|new| (new.owner.map(|owner| owner.to_string()), new.custom.len())).collect();
    assert_eq!(found, [(Some("Kim".into()), 1), (Some("Lee".into()), 0), (None, 0)]);
}

#[test]
fn a_column_with_a_dot_in_its_name_comes_before_a_joined_one() {
    let map = r#"
        [[join]]
        name = "a"
        file = "a.csv"
        on = "k"
        key = "k"
        [fields]
        name = { column = "a.b" }
    "#;
    let files = Files::new(map, "k,a.b\n1,own\n").with("a.csv", "k,b\n1,joined\n");
    assert_eq!(opened(&files).name, text("own"));
}

#[test]
fn the_same_row_has_the_same_id_in_the_same_import_and_no_other() {
    let ids = |map: &str, csv: &str| -> Vec<_> {
        let prepared = Files::new(map, csv).prepare(&deals());
        prepared.into_iter().map(|row| row.unwrap().id).collect()
    };
    let keyed = format!("[source]\nkey = [\"k\", \"n\"]\n{NAME}");
    let (by_key, by_line) = (ids(&keyed, "k,n\n1,a\n2,b\n"), ids(NAME, "k,n\n1,a\n2,b\n"));
    assert_eq!(ids(&keyed, "k,n\n2,b\n1,a\n"), [by_key[1], by_key[0]]);
    assert_eq!(by_line, ids(NAME, "k,n\n2,b\n1,a\n"));
    assert_ne!(by_key, by_line);
}
