//! Figures as people read them.

/// Three significant digits or so: `33,512`, `812`, `12.3`, `0.45`.
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "not measured".to_owned();
    }
    match value.abs() {
        large if large >= 100.0 => grouped(value),
        medium if medium >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_as_many_digits_as_mean_something() {
        for (value, text) in [
            (1_234_567.8, "1,234,568"),
            (33_512.4, "33,512"),
            (1_000.0, "1,000"),
            (812.0, "812"),
            (12.34, "12.3"),
            (1.0, "1.0"),
            (0.454, "0.45"),
            (-2_500.0, "-2,500"),
            (f64::NAN, "not measured"),
        ] {
            assert_eq!(figure(value), text);
        }
    }
}
