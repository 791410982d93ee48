//! The file of rows that were left out: readable by its owner only, since it holds what the file held.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use csv::{ByteRecord, Writer, WriterBuilder};

use super::prepare::Rejected;
use super::table::Table;

const OWN: [&str; 2] = ["line", "reason"];

/// Writes rejected rows with all their columns, their line, and the reason. The file is made with the first of them.
pub struct Rejects {
    path: PathBuf,
    layout: Layout,
    file: Option<Writer<File>>,
}

/// How rejected rows of a table are written: as they were read, so that a corrected file can be imported by the same map.
pub struct Layout {
    delimiter: u8,
    headings: ByteRecord,
}

impl Rejects {
    /// Rows of `table` go to `path`; to `<name>.rejects.csv` in the current folder if there is none.
    ///
    /// # Errors
    /// If that is the file itself.
    pub fn new(table: &Table, path: Option<&Path>) -> anyhow::Result<Self> {
        let usual = || table.path.with_extension("rejects.csv").file_name().map(PathBuf::from);
        let path = path.map(Path::to_owned).or_else(usual).context("the file has no name")?;
        if path.canonicalize().is_ok_and(|path| table.path.canonicalize().is_ok_and(|own| own == path)) {
            bail!("rejected rows would overwrite the file itself; choose another file with --rejects");
        }
        Ok(Self { path, layout: Layout::of(table), file: None })
    }

    /// Where the rows are, if there are any.
    pub fn path(&self) -> Option<&Path> {
        self.file.is_some().then_some(&*self.path)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, rejected: &Rejected) -> anyhow::Result<()> {
        let unwritable = || format!("cannot write {}", self.path.display());
        if self.file.is_none() {
            let mut file = self.layout.writer(self.create().with_context(unwritable)?);
            file.write_byte_record(&self.layout.headings()).with_context(unwritable)?;
            self.file = Some(file);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let row = self.layout.row(rejected);
        file.write_byte_record(&row).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Writes what is not written yet.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        let path = &self.path;
        self.file
            .as_mut()
            .map_or(Ok(()), |file| file.flush().with_context(|| format!("cannot write {}", path.display())))
    }

    fn create(&self) -> anyhow::Result<File> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        // It may have been there before, with more rights.
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(file)
    }
}

impl Layout {
    /// That of `table`.
    pub fn of(table: &Table) -> Self {
        Self { delimiter: table.delimiter, headings: table.headings.as_byte_record().clone() }
    }

    /// Writes in it.
    pub fn writer<W: io::Write>(&self, to: W) -> Writer<W> {
        WriterBuilder::new().delimiter(self.delimiter).from_writer(to)
    }

    /// The headings.
    pub fn headings(&self) -> ByteRecord {
        self.headings.iter().take(self.own_columns()).chain(OWN.map(str::as_bytes)).collect()
    }

    /// A row.
    pub fn row(&self, rejected: &Rejected) -> ByteRecord {
        let own = self.own_columns();
        let mut cells: Vec<&[u8]> = rejected.cells.iter().collect();
        let separator = [self.delimiter];
        let surplus;
        if cells.len() > self.headings.len() {
            // It stems from a separator that should have been quoted, so it goes into the last cell again.
            surplus = cells.split_off(own.saturating_sub(1)).join(&separator[..]);
            cells.push(&surplus);
        }
        cells.resize(own, b"");
        let line = rejected.line.to_string();
        cells.extend([line.as_bytes(), rejected.reason.as_bytes()]);
        cells.into()
    }

    /// The columns of the file, without those that an earlier import added to its rejected rows.
    fn own_columns(&self) -> usize {
        let all = self.headings.len();
        let added = all
            .checked_sub(OWN.len())
            .filter(|own| self.headings.iter().skip(*own).eq(OWN.map(str::as_bytes)));
        added.unwrap_or(all)
    }
}
