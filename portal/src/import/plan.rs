//! File, map and joined files, checked against each other before any row is looked at.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use domain::FieldKey;
use sha2::{Digest, Sha256};

use super::columns::{Column, Columns};
use super::entry::Entry;
use super::map::{Field, Map, Shape, listed};
use super::table::{Open, Table};

/// Which files to import by which map.
#[derive(Args, Debug)]
#[command(next_help_heading = "Import")]
pub struct FileArgs {
    /// The file: CSV in UTF-8, with a line of headings
    pub file: PathBuf,
    /// The map: which columns become which fields
    #[arg(long, value_name = "MAP.toml")]
    pub map: PathBuf,
    /// The folder of joined files; the map's own folder unless given
    #[arg(long, value_name = "FOLDER")]
    pub join_dir: Option<PathBuf>,
}

/// How to read each row.
pub struct Plan {
    /// The file.
    pub table: Table,
    /// The joined files, and where columns are.
    pub columns: Columns,
    /// The fields that the map fills.
    pub fields: BTreeMap<&'static str, Entry>,
    /// The custom fields that the map fills.
    pub custom: Vec<(FieldKey, Entry)>,
    /// The columns that identify a row; its line does if there are none.
    pub key: Vec<Column>,
    /// Name or id of the pipeline that deals go into; the tenant's default pipeline if none.
    pub pipeline: Option<String>,
    /// Rows in the file.
    pub rows: u32,
    /// SHA-256 of the file, in hexadecimal.
    pub file_sha256: String,
    /// SHA-256 of everything that decides what the rows become, in hexadecimal.
    pub sha256: String,
}

impl Plan {
    /// Reads all files for things that have these `fields`.
    ///
    /// # Errors
    /// Whatever is wrong with the map, and what it asks of the files that they do not have.
    pub fn read(args: &FileArgs, fields: &[Field], open: Open<'_>) -> anyhow::Result<Self> {
        let mistakes = || format!("the map {}", args.map.display());
        let text = open(&args.map).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
        let text = text.with_context(|| format!("cannot read the map {}", args.map.display()))?;
        let map = Map::parse(&text, fields).with_context(mistakes)?;
        let table = Table::read(&args.file, map.source.delimiter, open)?;
        let own = args.map.parent().unwrap_or(Path::new("."));
        let folder = args.join_dir.as_deref().unwrap_or(own);
        let columns = Columns::read(&table, &map, folder, open).with_context(mistakes)?;
        let key = map.source.key.0.iter().map(|name| columns.find(name)).collect::<Result<_, _>>();
        let key = key.context("source.key").with_context(mistakes)?;
        let (entries, custom) = bind(&map, fields, &columns).with_context(mistakes)?;
        let rows = table.rows().count().try_into().context("the file has too many rows")?;
        let mut digest = Sha256::new_with_prefix(table.digest());
        digest.update(Sha256::digest(&text));
        columns.digests().for_each(|joined| digest.update(joined));
        Ok(Self {
            file_sha256: hex(&table.digest()),
            sha256: hex(&digest.finalize()),
            table,
            columns,
            fields: entries,
            custom,
            key,
            pipeline: map.pipeline,
            rows,
        })
    }
}

type Bound = (BTreeMap<&'static str, Entry>, Vec<(FieldKey, Entry)>);

/// Binds every entry, or tells of all that cannot be bound.
fn bind(map: &Map, fields: &[Field], columns: &Columns) -> anyhow::Result<Bound> {
    let mut mistakes = Vec::new();
    let mut entries = BTreeMap::new();
    for Field { name, shape, needed } in fields {
        let bound = map.fields.get(*name).map(|spec| Entry::bind(spec, *shape, columns, &map.empty));
        match bound {
            None if *needed => mistakes.push(format!("fields.{name} is missing")),
            None => {}
            Some(Ok(mut entry)) => {
                entry.required |= needed;
                entries.insert(*name, entry);
            }
            Some(Err(error)) => mistakes.push(format!("fields.{name}: {error:#}")),
        }
    }
    let mut custom = Vec::new();
    for (name, spec) in &map.custom {
        let key = FieldKey::parse(name).map_err(anyhow::Error::from);
        let bound = key.and_then(|key| Ok((key, Entry::bind(spec, Shape::Custom, columns, &map.empty)?)));
        bound.map_or_else(
            |error| mistakes.push(format!("custom.{name}: {error:#}")),
            |entry| custom.push(entry),
        );
    }
    if !mistakes.is_empty() {
        bail!("{}", listed(&mistakes));
    }
    Ok((entries, custom))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
