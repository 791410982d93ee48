//! Search: every word must begin a word of the row.

use sqlx::{Postgres, QueryBuilder};

/// Adds ` and …` for the words of `q`. Whatever they are, the database can read them.
///
/// The parser of the database takes some words apart and keeps others whole, such as e-mail addresses, and does so
/// differently while they are being typed. So each word may begin a whole one, or its parts may follow each other.
pub(super) fn push(sql: &mut QueryBuilder<'static, Postgres>, q: &str) {
    let mut words = q.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).peekable();
    if words.peek().is_none() {
        // No row has a word that begins with nothing but punctuation.
        sql.push(" and false");
    }
    for word in words {
        let lexeme = lexeme(word);
        sql.push(" and search @@ (")
            .push_bind(lexeme.clone())
            .push("::text::tsquery || to_tsquery('simple', ");
        sql.push_bind(lexeme).push("))");
    }
}

/// `'word':*` with whatever has a meaning in such a text made harmless.
fn lexeme(word: &str) -> String {
    format!("'{}':*", word.to_lowercase().replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_doubled() {
        assert_eq!(lexeme("O'Neil\\"), r"'o''neil\\':*");
    }
}
