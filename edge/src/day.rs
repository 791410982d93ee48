//! Days as clients write them.

use chrono::NaiveDate;

/// A day such as 2026-01-31, in this form only: the parser of the library would also take blanks, signs, missing zeros,
/// and years that no database knows.
pub fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| text.len() == "2026-01-31".len() && day.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_exactly_one_form() {
        for good in ["2026-01-31", "0000-01-01", "9999-12-31"] {
            assert_eq!(day(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "2026-1-31",
            "2026-02-30",
            "2026- 1-31",
            " 2026-1-31",
            "-999-01-01",
            "-9999-1-01",
            "+99999-1-1",
            "+12345-01-01",
            "2026-01-31T00:00:00Z",
        ] {
            assert_eq!(day(bad), None, "{bad:?}");
        }
    }
}
