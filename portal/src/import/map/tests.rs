use std::path::{Path, PathBuf};

use super::*;
use crate::import::becomes::Becomes;
use crate::import::deals::Deals;
use crate::import::leads::Leads;

fn mistakes(text: &str) -> String {
    Map::parse(text, Deals::FIELDS).unwrap_err().to_string()
}

#[test]
fn every_unknown_key_is_named_with_the_nearest_known_ones() {
    let text = r#"
        sorce = 1
        [source]
        keys = "id"
        [[join]]
        fil = "x.csv"
        [fields]
        nmae = { column = "a" }
        amount = { colunm = "a", currency = { colum = "b" } }
        opened_at = { column = "a", formats = "%Y" }
        [custom]
        x = { kolumn = "a" }
    "#;
    let expected = "
  sorce is not known here; did you mean source?
  source.keys is not known here; did you mean key?
  join 1: fil is not known here; did you mean file?
  fields.nmae is not known here; did you mean name?
  fields.amount.colunm is not known here; did you mean column?
  fields.amount.currency.colum is not known here; did you mean column?
  fields.opened_at.formats is not known here; did you mean format?
  custom.x.kolumn is not known here; did you mean column?";
    assert_eq!(mistakes(text), expected);
}

#[test]
fn where_no_known_key_is_near_all_are_named() {
    let text = "[source]\nzzz = 1\n[fields]";
    assert_eq!(mistakes(text), "source.zzz is not known here; known are delimiter, key");
}

#[test]
fn a_key_that_fits_another_field_is_not_known_here() {
    let text = "[fields]\nname = { column = \"a\", format = \"%Y\" }";
    assert!(mistakes(text).starts_with("fields.name.format is not known here"), "{}", mistakes(text));
}

#[test]
fn a_field_of_deals_is_no_field_of_leads() {
    let error = Map::parse("[fields]\nstage = { column = \"a\" }", Leads::FIELDS).unwrap_err();
    assert!(error.to_string().starts_with("fields.stage is not known here"), "{error}");
}

#[test]
fn what_is_no_entry_is_shown_where_it_stands() {
    let text = mistakes("[fields]\nname = \"a\"");
    assert!(text.contains("line 2") && text.contains("an entry such as { column"), "{text}");
}

#[test]
fn the_examples_are_maps() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples");
    let files = std::fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    let maps: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    assert!(maps.len() >= 3);
    for path in maps {
        let text = std::fs::read_to_string(&path).unwrap();
        let fields = if path.ends_with("xeducation_leads.toml") { Leads::FIELDS } else { Deals::FIELDS };
        Map::parse(&text, fields).unwrap();
    }
}

#[test]
fn the_map_in_the_help_is_a_map() {
    for (help, fields) in
        [(crate::import::help::DEALS, Deals::FIELDS), (crate::import::help::LEADS, Leads::FIELDS)]
    {
        let (_, map) = help.split_once("TOML file:\n").unwrap();
        let (map, _) = map.split_once("\n  crm import").unwrap();
        Map::parse(map, fields).unwrap();
        for Field { name, .. } in fields {
            assert!(help.contains(name), "the help does not name {name}");
        }
    }
}
