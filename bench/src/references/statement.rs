//! The statements with which the query API answers, taken from what PostgreSQL logs of them, to be run by a bare handler.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sqlx::{Column as _, Executor as _, PgPool, Row as _, TypeInfo as _, ValueRef as _};

/// A transaction of the query API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// How it begins: read-only, in the role of readers, for one tenant.
    pub begin: String,
    /// What it reads of the read models of sales. What it asks to tell how fresh they are is left out.
    pub statements: Vec<String>,
}

/// A session's statements, as the log has them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Logged {
    session: String,
    text: String,
}

/// Where the log ends now.
pub fn end_of(log: &Path) -> anyhow::Result<usize> {
    Ok(usize::try_from(fs::metadata(log)?.len())?)
}

/// The last transaction for one tenant that was logged since the log ended there.
pub fn logged_since(log: &Path, end: usize) -> anyhow::Result<Transaction> {
    let text = fs::read(log)?;
    let text = String::from_utf8_lossy(text.get(end..).unwrap_or_default()).into_owned();
    transaction(&entries(&text)).context("the query API's transaction is not in the log of PostgreSQL")
}

fn transaction(logged: &[Logged]) -> Option<Transaction> {
    let begins = |entry: &Logged| entry.text.contains("set local crm.tenant");
    let first = logged.iter().rposition(begins)?;
    let begin = logged.get(first)?;
    let own = logged.iter().skip(first + 1).filter(|entry| entry.session == begin.session);
    let statements = own
        .take_while(|entry| !begins(entry))
        .filter(|entry| entry.text.contains("read_model.sales_"))
        .map(|entry| entry.text.clone())
        .collect();
    Some(Transaction { begin: begin.text.clone(), statements })
}

/// The statements in the log, with the values of their parameters in place.
fn entries(log: &str) -> Vec<Logged> {
    let mut all: Vec<Logged> = Vec::new();
    // Further lines of an entry begin with a tab.
    for entry in log.replace("\n\t", "\n ").split_inclusive('\n').fold(Vec::<String>::new(), joined) {
        let Some((head, message)) = entry.split_once("] ") else { continue };
        let session = head.rsplit('[').next().unwrap_or_default().to_owned();
        let message = message.split_once(' ').map_or(message, |(_database, message)| message).trim();
        if let Some(text) = message.strip_prefix("LOG:  statement: ") {
            all.push(Logged { session, text: text.to_owned() });
        } else if let Some(execute) = message.strip_prefix("LOG:  execute ") {
            let text = execute.split_once(": ").map_or(execute, |(_name, text)| text);
            all.push(Logged { session, text: text.to_owned() });
        } else if let Some((_, values)) =
            message.strip_prefix("DETAIL:  ").and_then(|detail| detail.split_once("arameters: "))
            && let Some(last) = all.iter_mut().rev().find(|entry| entry.session == session)
        {
            last.text = filled(&last.text, &literals(values));
        }
    }
    all
}

fn joined(mut entries: Vec<String>, line: &str) -> Vec<String> {
    match entries.last_mut() {
        Some(last) if line.starts_with(' ') => last.push_str(line),
        _ => entries.push(line.to_owned()),
    }
    entries
}

/// The values of `$1 = 'a', $2 = NULL`, as they are written.
fn literals(values: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = values;
    while let Some((_, value)) = rest.split_once(" = ") {
        let length =
            if value.starts_with('\'') { quoted(value) } else { value.find(',').unwrap_or(value.len()) };
        literals.push(value[..length].trim().to_owned());
        rest = &value[length..];
    }
    literals
}

/// Bytes of the quoted text at the beginning, in which a quote is doubled.
fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

/// The statement with literals instead of parameters. They have no type of their own, so the statement means the same.
fn filled(sql: &str, literals: &[String]) -> String {
    let mut text = String::new();
    let mut parts = sql.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let literal =
            part[..digits].parse::<usize>().ok().and_then(|number| literals.get(number.wrapping_sub(1)));
        match literal {
            Some(literal) => text.push_str(literal),
            None => text.extend(["$", &part[..digits]]),
        }
        text.push_str(&part[digits..]);
    }
    text
}

/// Runs the transaction, and gives the bytes of all JSON that it read.
pub async fn answer(pool: &PgPool, transaction: &Transaction) -> Result<Vec<u8>, sqlx::Error> {
    let mut running = pool.begin_with(transaction.begin.clone()).await?;
    let mut body = vec![b'['];
    for sql in &transaction.statements {
        for row in running.fetch_all(sqlx::query(sql)).await? {
            for column in row.columns().iter().filter(|column| column.type_info().name() == "JSONB") {
                let value = row.try_get_raw(column.ordinal())?;
                if !value.is_null() {
                    // The first byte is the version of the format.
                    body.extend_from_slice(
                        value.as_bytes().ok().and_then(|bytes| bytes.get(1..)).unwrap_or_default(),
                    );
                    body.push(b',');
                }
            }
        }
    }
    body.push(b']');
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
2026-11-22 10:00:00.000 UTC [7] bench_reads LOG:  statement: begin; set local crm.tenant = 'x'
2026-11-22 10:00:00.000 UTC [8] bench_reads LOG:  execute sqlx_s_1: select 1 from read_model.sales_other
2026-11-22 10:00:00.001 UTC [7] bench_reads LOG:  execute sqlx_s_2: select min(position)
\tfrom read_model.checkpoint where view = any($1)
2026-11-22 10:00:00.001 UTC [7] bench_reads DETAIL:  Parameters: $1 = '{sales_a}'
2026-11-22 10:00:00.002 UTC [7] bench_reads LOG:  execute sqlx_s_3: select doc
\tfrom read_model.sales_a -- a list
\twhere name = $1 and id <> $2 limit $10
2026-11-22 10:00:00.002 UTC [7] bench_reads DETAIL:  Parameters: $1 = 'it''s, $2 = x', $2 = NULL
2026-11-22 10:00:00.003 UTC [7] bench_reads LOG:  statement: ROLLBACK
";

    #[test]
    fn the_statements_of_a_request_are_found_with_their_values() {
        let found = transaction(&entries(LOG)).unwrap();
        assert_eq!(found.begin, "begin; set local crm.tenant = 'x'");
        assert_eq!(
            found.statements,
            [
                "select doc\n from read_model.sales_a -- a list\n where name = 'it''s, $2 = x' and id <> NULL limit $10"
            ]
        );
    }

    #[test]
    fn the_last_transaction_counts() {
        let second = LOG.replace("sales_a", "sales_b").replace("[7]", "[9]");
        let found = transaction(&entries(&format!("{LOG}{second}"))).unwrap();
        assert!(found.statements.concat().contains("sales_b"));
        assert_eq!(transaction(&entries("nothing\n")), None);
    }
}
