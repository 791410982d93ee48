//! Columns by name, in the file and in those joined to it, and the cells of a row.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context as _, bail};
use csv::StringRecord;

use super::map::{Join, Map, nearest};
use super::table::{Open, Table};

/// Where a column is: in the main file, or in a joined one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// 0 is the main file, the joined ones count from 1.
    file: usize,
    index: usize,
}

/// The joined files, and where each column is.
pub struct Columns {
    main: Headings,
    joins: Vec<Joined>,
    corrections: HashMap<Column, HashMap<String, String>>,
}

struct Headings {
    file: String,
    names: StringRecord,
}

struct Joined {
    name: String,
    headings: Headings,
    digest: [u8; 32],
    on: Column,
    required: bool,
    rows: HashMap<String, StringRecord>,
}

/// A row of the main file with its partners in the joined ones.
pub struct Row<'a> {
    columns: &'a Columns,
    main: &'a StringRecord,
    partners: Vec<Option<&'a StringRecord>>,
}

impl Columns {
    /// Reads the joined files, and finds the columns that joins and corrections name.
    ///
    /// # Errors
    /// A file that cannot be read, or whose keys do not tell its rows apart; a column that is not there.
    pub fn read(main: &Table, map: &Map, folder: &Path, open: Open<'_>) -> anyhow::Result<Self> {
        let main = Headings { file: main.name(), names: main.headings.clone() };
        let mut columns = Self { main, joins: Vec::new(), corrections: HashMap::new() };
        for join in &map.joins {
            let name = join.name();
            let spellings = map.corrections.get(&format!("{name}.{}", join.key));
            let table = || Table::read(&folder.join(&join.file), join.delimiter, open);
            let joined =
                columns.join(&name, join, spellings, table).with_context(|| format!("join {name}"))?;
            columns.joins.push(joined);
        }
        for (name, spellings) in &map.corrections {
            let column = columns.find(name).with_context(|| format!("corrections.{name:?}"))?;
            let spellings = spellings.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
            columns.corrections.insert(column, spellings);
        }
        Ok(columns)
    }

    fn join(
        &self,
        name: &str,
        join: &Join,
        spellings: Option<&BTreeMap<String, String>>,
        table: impl FnOnce() -> anyhow::Result<Table>,
    ) -> anyhow::Result<Joined> {
        if name.is_empty() || self.joins.iter().any(|other| other.name == name) {
            bail!("the name {name:?} is empty or taken by another join; give it another one with `name`");
        }
        let on = self.find(&join.on)?;
        let table = table()?;
        let headings = Headings { file: table.name(), names: table.headings.clone() };
        let key = headings.find(&join.key)?;
        let mut rows = HashMap::new();
        for row in table.rows() {
            let row = row?;
            let place = format!("line {} of {}", row.line, headings.file);
            if row.cells.len() != headings.names.len() {
                let (has, wants) = (row.cells.len(), headings.names.len());
                bail!("{place} has {has} cells, but there are {wants} headings");
            }
            let mut cells = StringRecord::from_byte_record(row.cells)
                .ok()
                .with_context(|| format!("{place} is no UTF-8"))?;
            cells.trim();
            let value = cells.get(key).unwrap_or_default();
            let value = spellings.and_then(|spellings| spellings.get(value)).map_or(value, String::as_str);
            if !value.is_empty() && rows.insert(value.to_owned(), cells.clone()).is_some() {
                bail!("{place} has the same {:?} as a line before", join.key);
            }
        }
        Ok(Joined {
            name: name.to_owned(),
            headings,
            digest: table.digest(),
            on,
            required: join.required,
            rows,
        })
    }

    /// The column of this name: of the main file, or `<join>.<column>`.
    ///
    /// # Errors
    /// If there is none or two.
    pub fn find(&self, name: &str) -> anyhow::Result<Column> {
        let joined = self.joins.iter().zip(1..).find_map(|(join, file)| {
            let column = name.strip_prefix(&join.name)?.strip_prefix('.')?;
            Some((join, file, column))
        });
        match joined {
            Some((join, file, column)) if !self.main.names.iter().any(|heading| heading == name) => {
                Ok(Column { file, index: join.headings.find(column)? })
            }
            _ => Ok(Column { file: 0, index: self.main.find(name)? }),
        }
    }

    /// SHA-256 of each joined file.
    pub fn digests(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.joins.iter().map(|join| &join.digest)
    }

    /// The row with its partners, and what is wrong where a partner is required and missing.
    pub fn row<'a>(&'a self, main: &'a StringRecord) -> (Row<'a>, Vec<String>) {
        let mut row = Row { columns: self, main, partners: Vec::with_capacity(self.joins.len()) };
        let mut faults = Vec::new();
        for join in &self.joins {
            let partner = join.rows.get(row.cell(join.on));
            if partner.is_none() && join.required {
                faults.push(format!("join {}: no row of {} belongs to it", join.name, join.headings.file));
            }
            row.partners.push(partner);
        }
        (row, faults)
    }
}

impl Headings {
    fn find(&self, name: &str) -> anyhow::Result<usize> {
        let mut found = self.names.iter().enumerate().filter(|(_, heading)| *heading == name);
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(index),
            (Some(_), Some(_)) => bail!("{} has two columns {name:?}", self.file),
            (None, _) => {
                // Only near names are shown: a file without headings begins with somebody's data.
                let near = nearest(name, self.names.iter());
                let hint = if near.is_empty() {
                    String::new()
                } else {
                    format!("; did you mean {}?", near.join(" or "))
                };
                bail!("{} has no column {name:?}{hint}", self.file)
            }
        }
    }
}

impl Row<'_> {
    /// What a cell says, trimmed and corrected; nothing where a partner is missing.
    pub fn cell(&self, column: Column) -> &str {
        let record = match column.file.checked_sub(1) {
            None => Some(self.main),
            Some(join) => self.partners.get(join).copied().flatten(),
        };
        let text = record.and_then(|record| record.get(column.index)).unwrap_or_default().trim();
        let corrected = self.columns.corrections.get(&column).and_then(|spellings| spellings.get(text));
        corrected.map_or(text, String::as_str)
    }
}
