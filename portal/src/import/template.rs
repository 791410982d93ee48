//! Text with columns in braces: `{product} for {account}`. Two braces are one that is meant.

use anyhow::bail;

use super::columns::{Column, Columns};

/// A template with its columns found.
pub struct Template(Vec<Part>);

enum Part {
    Text(String),
    Column(Column),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A brace without its partner, or a column that is not there.
    pub fn parse(text: &str, columns: &Columns) -> anyhow::Result<Self> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            rest = if let Some(after) = brace.strip_prefix("{{") {
                literal.push('{');
                after
            } else if let Some(after) = brace.strip_prefix("}}") {
                literal.push('}');
                after
            } else if let Some((name, after)) =
                brace.strip_prefix('{').and_then(|inner| inner.split_once('}'))
            {
                parts.push(Part::Text(std::mem::take(&mut literal)));
                parts.push(Part::Column(columns.find(name.trim())?));
                after
            } else {
                bail!("the template {text:?} has a brace without its partner");
            };
        }
        literal.push_str(rest);
        parts.push(Part::Text(literal));
        Ok(Self(parts))
    }

    /// The text with what `cell` says of each column; nothing if it says nothing of one of them.
    pub fn fill<'a>(&self, cell: impl Fn(Column) -> Option<&'a str>) -> Option<String> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Column(column) => filled.push_str(cell(*column)?),
            }
        }
        Some(filled)
    }
}
