//! The arithmetic of documents: exact products, rounded once, half away from zero, as merchants round.

use rust_decimal::Decimal;

/// Digits after which an `i128` is full.
const MOST_DIGITS: u32 = 38;

/// `one` × `other`, rounded to `scale` decimal places, half away from zero. None if the exact product does not fit into 38 digits,
/// or the rounded one not into a [`Decimal`].
///
/// [`Decimal`] itself rounds a product that is too long for it, half to even and before anybody asks, so that rounding it to
/// minor units would be the second rounding.
pub fn product(one: Decimal, other: Decimal, scale: u32) -> Option<Decimal> {
    let exact = one.mantissa().checked_mul(other.mantissa())?;
    at_scale(exact, one.scale() + other.scale(), scale)
}

/// `percent` of `base`, rounded to `scale` decimal places, half away from zero. None under the conditions of [`product`].
pub fn percentage(base: Decimal, percent: Decimal, scale: u32) -> Option<Decimal> {
    let exact = base.mantissa().checked_mul(percent.mantissa())?;
    at_scale(exact, base.scale() + percent.scale() + 2, scale)
}

/// The number `exact` / 10^`from` at another scale.
fn at_scale(exact: i128, from: u32, scale: u32) -> Option<Decimal> {
    let mantissa = match from.checked_sub(scale) {
        None => exact.checked_mul(power_of_ten(scale - from)?)?,
        Some(surplus) => {
            let unit = power_of_ten(surplus)?;
            let (quotient, rest) = (exact / unit, (exact % unit).unsigned_abs());
            // The rest has the sign of the number, so half a unit and more leads away from zero.
            let is_more = rest >= unit.unsigned_abs() - rest;
            quotient + if is_more && rest > 0 { exact.signum() } else { 0 }
        }
    };
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    (exponent <= MOST_DIGITS).then(|| 10_i128.pow(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn times(one: &str, other: &str, scale: u32) -> String {
        product(decimal(one), decimal(other), scale).map_or("none".to_owned(), |number| number.to_string())
    }

    #[test]
    fn half_a_unit_is_rounded_away_from_zero() {
        assert_eq!(times("0.005", "1", 2), "0.01");
        assert_eq!(times("0.015", "1", 2), "0.02");
        assert_eq!(times("0.025", "1", 2), "0.03");
        assert_eq!(times("-0.025", "1", 2), "-0.03");
        assert_eq!(times("0.0249999", "1", 2), "0.02");
        assert_eq!(times("2.5", "1", 0), "3");
    }

    #[test]
    fn a_product_is_rounded_once_and_has_the_places_that_are_asked_for() {
        assert_eq!(times("3", "1.1", 3), "3.300");
        assert_eq!(times("99999999.9999", "9999999999.999999", 2), "999999999998999900.00");
        assert_eq!(times("0.0049999999999999999", "1.0000000000", 2), "0.00");
    }

    #[test]
    fn a_product_that_is_too_long_is_none() {
        assert_eq!(times("79228162514264337593543950335", "79228162514264337593543950335", 0), "none");
        assert_eq!(times("79228162514264337593543950335", "10", 0), "none");
    }

    #[test]
    fn percentages_are_of_a_hundred() {
        let nineteen = percentage(decimal("10.50"), decimal("19"), 2);
        assert_eq!(nineteen.map(|number| number.to_string()).as_deref(), Some("2.00"));
        assert_eq!(percentage(decimal("0.05"), decimal("10"), 2), Some(decimal("0.01")));
    }
}
