//! A CSV file: in memory, so that what is hashed is what is read.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use csv::{ByteRecord, ReaderBuilder, StringRecord};
use sha2::{Digest, Sha256};

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF16_MARKS: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];

/// How the content of a file is come by.
pub type Open<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// From the disk, as ever but for fuzz targets, which have no files.
pub const DISK: Open<'static> = &|path| std::fs::read(path);

/// A CSV file with a line of headings. Quoted cells may hold separators and line breaks; lines end in LF or CR LF.
#[derive(Debug)]
pub struct Table {
    /// Where it is.
    pub path: PathBuf,
    /// What is between cells.
    pub delimiter: u8,
    /// The headings.
    pub headings: StringRecord,
    content: Vec<u8>,
}

/// A row as it stands in the file.
#[derive(Debug)]
pub struct RawRow {
    /// The line that it begins at, from 1.
    pub line: u64,
    /// Its cells.
    pub cells: ByteRecord,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is empty, or its headings are no UTF-8.
    pub fn read(path: &Path, delimiter: Option<char>, open: Open<'_>) -> anyhow::Result<Self> {
        let name = path.display();
        let delimiter = delimiter.unwrap_or(',');
        let Some(delimiter) = u8::try_from(delimiter).ok().filter(u8::is_ascii) else {
            bail!("the delimiter {delimiter:?} is no single ASCII character");
        };
        if matches!(delimiter, b'"' | b'\r' | b'\n') {
            bail!("the delimiter must be no quote and no line break");
        }
        let content = open(path).with_context(|| format!("cannot read {name}"))?;
        if UTF16_MARKS.iter().any(|mark| content.starts_with(mark)) {
            bail!("{name} is UTF-16; save it as UTF-8");
        }
        let mut table = Self { path: path.to_owned(), delimiter, headings: StringRecord::new(), content };
        let Some(first) = table.records(false).next().transpose()? else { bail!("{name} is empty") };
        table.headings = StringRecord::from_byte_record(first.cells)
            .ok()
            .with_context(|| format!("the headings of {name} are no UTF-8; save the file as UTF-8"))?;
        table.headings.trim();
        Ok(table)
    }

    /// SHA-256 of the whole file.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.content).into()
    }

    /// The name without its folder.
    pub fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// All rows below the headings, in order. Their cells may be fewer or more than the headings.
    pub fn rows(&self) -> impl Iterator<Item = anyhow::Result<RawRow>> {
        self.records(true)
    }

    fn records(&self, has_headers: bool) -> impl Iterator<Item = anyhow::Result<RawRow>> {
        let text = self.content.strip_prefix(UTF8_MARK).unwrap_or(&self.content);
        let reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .flexible(true)
            .has_headers(has_headers)
            .from_reader(text);
        let mut lines = Lines { text, at: 0, line: 1 };
        reader.into_byte_records().map(move |cells| {
            let cells = cells.with_context(|| format!("cannot read {}", self.path.display()))?;
            let begin = cells.position().map_or(0, csv::Position::byte);
            Ok(RawRow { line: lines.of(usize::try_from(begin).unwrap_or(usize::MAX)), cells })
        })
    }
}

/// Counts lines. The reader's own count is one short after CR LF, and before empty lines.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first cell that begins at or after `begin`, which must not go back.
    fn of(&mut self, begin: usize) -> u64 {
        while let Some(byte) = self.text.get(self.at) {
            let ends_line = match byte {
                b'\n' => true,
                b'\r' => self.text.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            if self.at >= begin && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.line += u64::from(ends_line);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests;
