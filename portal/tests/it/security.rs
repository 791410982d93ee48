//! Holds `docs/SECURITY.md` against itself and the source: numbers, counts, and the tests and files that it names.

use std::path::{Path, PathBuf};

const PAGE: &str = "docs/SECURITY.md";
/// What may be said of a requirement, in the order of the counts.
const VERDICTS: [&str; 4] = ["test", "built", "n/a", "not met"];
/// Requirements of level 1, of level 2, and of both in ASVS 5.0.0.
const REQUIREMENTS: [usize; 3] = [70, 183, 253];

/// A requirement and what is said of it.
struct Row {
    number: Vec<u32>,
    level: String,
    verdict: String,
    place: String,
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    std::fs::read_to_string(checkout().join(PAGE)).unwrap()
}

/// The cells of all lines that belong to tables.
fn lines(page: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    page.lines().filter(|line| line.starts_with('|')).map(cells).collect()
}

/// `6.2.1` in its parts, if it is such a number.
fn number(text: &str) -> Option<Vec<u32>> {
    let parts: Vec<u32> = text.split('.').map(|part| part.parse::<u32>().ok()).collect::<Option<_>>()?;
    (parts.len() == 3).then_some(parts)
}

fn rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for cells in lines(page) {
        let Some(number) = number(&cells[0]) else { continue };
        let [_, level, asked, verdict, place] = cells.as_slice() else {
            panic!("not five cells: {cells:?}");
        };
        assert!(!asked.is_empty() && place.len() > 5, "{cells:?} says too little");
        assert!(VERDICTS.contains(&verdict.as_str()), "{cells:?} has no verdict");
        rows.push(Row { number, level: level.clone(), verdict: verdict.clone(), place: place.clone() });
    }
    rows
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// File and name, if it is the name of a test.
fn test_name(quoted: &str) -> Option<(&str, &str)> {
    quoted.split_once("::").filter(|(file, _)| file.ends_with(".rs"))
}

/// Whether a file has a test of this name.
fn has_test(file: &str, name: &str) -> bool {
    let text = std::fs::read_to_string(checkout().join(file)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {name}(");
    let is_head = |line: &str| line.strip_prefix("async ").unwrap_or(line).starts_with(&head);
    let is_above = |line: &str| line.starts_with("#[") || line.starts_with("//");
    let is_mark = |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    lines.iter().enumerate().any(|(at, line)| {
        let mut above = lines[..at].iter().rev().take_while(|line| is_above(line));
        is_head(line) && above.any(|line| is_mark(line))
    })
}

/// Whether something between backticks is meant to be a file of the checkout: the rest are routes, types and words.
fn is_file_name(quoted: &str) -> bool {
    quoted.split_once('/').is_some_and(|(folder, _)| !folder.is_empty() && checkout().join(folder).is_dir())
}

#[test]
fn the_page_has_each_requirement_of_both_levels_once_and_in_order() {
    let rows = rows(&page());
    for pair in rows.windows(2) {
        assert!(pair[0].number < pair[1].number, "{:?} before {:?}", pair[0].number, pair[1].number);
    }
    let of = |level: &str| rows.iter().filter(|row| row.level == level).count();
    assert_eq!([of("1"), of("2"), rows.len()], REQUIREMENTS);
}

#[test]
fn the_counts_at_the_top_are_those_of_the_tables() {
    const RULE: &str = "|---|---|---|---|\n";
    let written = page();
    let rows = rows(&written);
    let count = |verdict: &str| {
        let of = |level: &str| rows.iter().filter(|row| row.verdict == verdict && row.level == level).count();
        [of("1"), of("2"), of("1") + of("2")]
    };
    let line = |(name, [one, two, both]): (&str, [usize; 3])| format!("| {name} | {one} | {two} | {both} |");
    let counts = VERDICTS.map(|verdict| (verdict, count(verdict)));
    let counts: Vec<String> = counts.into_iter().chain([("all", REQUIREMENTS)]).map(line).collect();
    let (before, rest) = written.split_once(RULE).unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let counted = format!("{before}{RULE}{}\n\n{after}", counts.join("\n"));
    if std::env::var_os("UPDATE_SECURITY").is_some() {
        std::fs::write(checkout().join(PAGE), &counted).unwrap();
    } else {
        assert!(
            written == counted,
            "the counts of {PAGE} are not those of its rows; UPDATE_SECURITY=1 writes them"
        );
    }
}

#[test]
fn each_test_and_each_file_that_the_page_names_is_there() {
    let page = page();
    for name in page.lines().flat_map(quoted) {
        match test_name(name) {
            Some((file, test)) => assert!(has_test(file, test), "there is no test {name}"),
            None if is_file_name(name) => assert!(checkout().join(name).exists(), "there is no file {name}"),
            None => {}
        }
    }
    for row in rows(&page) {
        let names = || quoted(&row.place);
        let proved = match row.verdict.as_str() {
            "test" => names().any(|name| test_name(name).is_some()),
            "built" => names().any(|name| checkout().join(name).exists()),
            _ => true,
        };
        assert!(proved, "{:?} is {} and names nothing for it", row.number, row.verdict);
    }
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let own = "portal/tests/it/security.rs";
    assert!(has_test(own, "a_test_that_is_not_there_is_missed"));
    assert!(!has_test(own, "a_test_that_is_not_there"));
    assert!(!has_test(own, "has_test"));
    assert!(!has_test("portal/tests/it/nowhere.rs", "a_test_that_is_not_there_is_missed"));
}
