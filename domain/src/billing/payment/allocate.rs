//! Which invoices a payment settles if nobody says.

use chrono::NaiveDate;

use crate::billing::series::DocumentNumber;
use crate::{InvoiceId, Money};

/// An invoice of which something is to be paid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Until when.
    pub date: NaiveDate,
    /// Its number.
    pub number: DocumentNumber,
    /// The invoice.
    pub invoice: InvoiceId,
}

/// In which order a payment settles invoices: first those whose numbers the payer wrote on it, then the others; among both, the one
/// first that is due first.
pub fn by_priority(reference: Option<&str>, mut all: Vec<Due>) -> Vec<Due> {
    let words = reference.map(words).unwrap_or_default();
    all.sort();
    all.sort_by_cached_key(|due| !words.contains(&due.number.as_str().to_ascii_uppercase()));
    all
}

/// What of an amount goes to which invoice, of those of which so much is outstanding. Each gets all that it takes before the next
/// gets anything; what is owed in another currency gets nothing.
pub fn allocate(
    amount: Money,
    outstanding: impl IntoIterator<Item = (InvoiceId, Money)>,
) -> Vec<(InvoiceId, Money)> {
    let mut rest = amount;
    let mut shares = Vec::new();
    for (invoice, outstanding) in outstanding {
        let share = if outstanding.amount() < rest.amount() { outstanding } else { rest };
        let Some(less) = rest.minus(share).filter(|_| !share.is_zero()) else { continue };
        if outstanding.currency() == rest.currency() {
            rest = less;
            shares.push((invoice, share));
        }
    }
    shares
}

/// All that stands between characters that no number of a document has, and what is left of it without punctuation at its ends.
fn words(reference: &str) -> Vec<String> {
    let in_numbers = |letter: char| letter.is_ascii_alphanumeric() || "-/._".contains(letter);
    let words = reference.split(|letter| !in_numbers(letter)).filter(|word| !word.is_empty());
    let forms = |word: &str| {
        [word.to_ascii_uppercase(), word.trim_matches(['-', '/', '.', '_']).to_ascii_uppercase()]
    };
    words.flat_map(forms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::payment::fixtures::dollars;
    use crate::billing::series::fixtures::number;
    use crate::fixtures::{id, march};

    fn due(n: u128, number_of_it: &str, day: u32) -> Due {
        Due { date: march(day), number: number(number_of_it), invoice: id(n) }
    }

    fn order(reference: &str) -> Vec<String> {
        let all = vec![due(1, "A-1", 20), due(2, "A-2", 10), due(3, "A-3", 30), due(4, "A-12", 30)];
        by_priority(Some(reference), all).into_iter().map(|due| due.number.to_string()).collect()
    }

    #[test]
    fn what_is_due_first_comes_first() {
        assert_eq!(order(""), ["A-2", "A-1", "A-12", "A-3"]);
    }

    #[test]
    fn what_the_payer_names_comes_before_all_else() {
        assert_eq!(order("Invoice a-3, thanks.")[0], "A-3");
        assert_eq!(order("(A-1)")[0], "A-1");
        assert_eq!(order("A-1.")[..2], ["A-1", "A-2"]);
        assert_eq!(order("A-12 A-1")[..2], ["A-1", "A-12"], "both are named, and one is due before");
        assert_eq!(order("A-12")[0], "A-12", "a number within another is not named");
        assert_eq!(order("A-1/A-3"), order(""), "that is one word, and the number of none");
    }

    #[test]
    fn each_gets_all_that_it_takes_before_the_next_gets_anything() {
        let all = [(id(1), dollars("100")), (id(2), dollars("0")), (id(3), dollars("50"))];
        let shares = |amount: &str| allocate(dollars(amount), all);
        assert_eq!(shares("120"), [(id(1), dollars("100")), (id(3), dollars("20"))]);
        assert_eq!(shares("500"), [(id(1), dollars("100")), (id(3), dollars("50"))]);
        assert_eq!(shares("0"), []);
        let euros = [(id(1), crate::fixtures::euros("10")), (id(2), dollars("10"))];
        assert_eq!(allocate(dollars("30"), euros), [(id(2), dollars("10"))]);
    }
}
