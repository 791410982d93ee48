use std::path::PathBuf;

use serde_json::Value;

use super::*;

fn table(content: &[u8]) -> anyhow::Result<Table> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, content).unwrap();
    Table::read(&path, None, DISK)
}

fn rows(content: &str) -> Vec<(u64, Vec<String>)> {
    let text = |row: RawRow| {
        row.cells.iter().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect::<Vec<_>>()
    };
    let rows = table(content.as_bytes()).unwrap().rows().map(Result::unwrap).collect::<Vec<_>>();
    rows.into_iter().map(|row| (row.line, text(row))).collect()
}

#[test]
fn lines_are_counted_over_line_ends_quotes_and_empty_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let content = ["a,b", "1,2", "\"x", "y\",3", "", "", "4,5"].join(end);
        let lines: Vec<u64> = rows(&content).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [2, 3, 7], "{end:?}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_heading() {
    let table = table("\u{feff}\"a\",b\n1,2\n".as_bytes()).unwrap();
    assert_eq!(table.headings, vec!["a", "b"]);
}

#[test]
fn what_has_a_meaning_in_csv_is_no_delimiter() {
    for delimiter in ['"', '\r', '\n'] {
        let refused = Table::read(Path::new("rows.csv"), Some(delimiter), &|_| Ok(b"a,b".to_vec()));
        let refused = refused.unwrap_err().to_string();
        assert_eq!(refused, "the delimiter must be no quote and no line break");
    }
}

#[test]
fn a_row_may_have_too_few_or_too_many_cells() {
    let found = rows("a,b\n1\n1,2,3\n");
    assert_eq!(found.into_iter().map(|(_, cells)| cells.len()).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn a_file_that_cannot_be_read_as_utf8_is_refused_with_advice() {
    let utf16 = table(b"\xFF\xFEa\0,\0b\0").unwrap_err().to_string();
    assert!(utf16.contains("is UTF-16; save it as UTF-8"), "{utf16}");
    let latin1 = table(b"Stra\xDFe,b\n").unwrap_err().to_string();
    assert!(latin1.contains("no UTF-8; save the file as UTF-8"), "{latin1}");
    let empty = table(b"").unwrap_err().to_string();
    assert!(empty.contains("is empty"), "{empty}");
}

#[test]
fn the_corner_cases_of_csv_are_read_as_their_authors_meant() {
    let folder = crate::import::tests::data("hardening/csv-spectrum");
    let Some(folder) = folder else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("csvs")).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        // What is expected of it is another telephone number than it has.
        if path.ends_with("location_coordinates.csv") {
            continue;
        }
        let json = folder.join("json").join(path.with_extension("json").file_name().unwrap());
        let table = Table::read(&path, None, DISK).unwrap();
        let mut read = Vec::new();
        for row in table.rows() {
            let row = StringRecord::from_byte_record_lossy(row.unwrap().cells);
            let pairs = table.headings.iter().zip(row.iter());
            read.push(pairs.map(|(key, value)| (key.to_owned(), Value::from(value))).collect::<Value>());
        }
        // The files at hand have lost their carriage returns on the way here.
        let json = std::fs::read_to_string(json).unwrap().replace(r"\r\n", r"\n");
        let expected: Vec<Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, expected, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}
