//! The few statistics that are needed.

/// The middle of the values; between the two middle ones if their number is even. Not a number if there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle)) {
        (_, None) => f64::NAN,
        (1, Some(value)) => *value,
        (_, Some(upper)) => f64::midpoint(sorted[middle - 1], *upper),
    }
}

/// The smallest of the values that at least the share `rank` of them (0 to 1) does not exceed.
pub fn percentile(values: &[f64], rank: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts of samples are small"
    )]
    let place = (rank * sorted.len() as f64).ceil().max(1.0) as usize - 1;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// What each value is in relation to the one of the same round.
pub fn ratios(ours: &[f64], reference: &[f64]) -> Vec<f64> {
    ours.iter().zip(reference).map(|(ours, reference)| ours / reference).collect()
}

/// Things per second.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_whatever_their_order() {
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn an_outlier_moves_neither_the_median_nor_the_ninetieth_percentile() {
        let mut values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&values, 0.5), percentile(&values, 0.99)), (50.0, 99.0));
        values[99] = 1e9;
        assert_eq!(percentile(&values, 0.9), 90.0);
        assert_eq!(percentile(&values, 1.0), 1e9);
    }

    #[test]
    fn percentiles_of_few_values_are_values() {
        assert_eq!(percentile(&[7.0], 0.99), 7.0);
        assert_eq!(percentile(&[2.0, 1.0], 0.0), 1.0);
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn ratios_pair_the_values_of_one_round() {
        assert_eq!(ratios(&[10.0, 30.0], &[5.0, 10.0]), [2.0, 3.0]);
        assert_eq!(ratios(&[10.0], &[5.0, 10.0]), [2.0]);
    }

    #[test]
    fn a_rate_is_per_second() {
        assert_eq!(rate(10, 0.5), 20.0);
    }
}
