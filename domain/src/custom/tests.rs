use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fixtures::{custom, custom_number, custom_text, key};

fn parse(json: &str) -> Result<CustomValue, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn keys_are_short_and_plain() {
    for good in ["a", "region", "field_2"] {
        assert!(FieldKey::parse(good).is_ok(), "{good:?}");
    }
    let longest = "a".repeat(40);
    assert!(FieldKey::parse(&longest).is_ok());
    for bad in ["", "A", "2a", "_a", "a-b", "a b", "ä", &format!("{longest}a")] {
        assert_eq!(FieldKey::parse(bad), Err(Invalid::NotAFieldKey), "{bad:?}");
    }
}

#[test]
fn a_value_is_a_boolean_a_number_or_text() {
    assert_eq!(parse("true"), Ok(CustomValue::Flag(true)));
    assert_eq!(parse("\"North\""), Ok(custom_text("North")));
    assert_eq!(parse("12.50"), Ok(custom_number(12.5)));
    for bad in ["null", "[]", "{}"] {
        let error = parse(bad).unwrap_err();
        assert!(error.starts_with("must be true, false, a number or text"), "{bad}: {error}");
    }
}

#[test]
fn a_number_that_would_be_rounded_is_refused() {
    for good in ["0", "-0.0", "999999999999999", "-0.000000000000001", "1e14", "0.1", "1234567.12345678"] {
        assert!(parse(good).is_ok(), "{good}");
    }
    for bad in ["9999999999999999", "0.1234567890123456", "1e15", "1e300", "1e-16", "18446744073709551615"] {
        assert!(parse(bad).unwrap_err().starts_with("must be a number of at most 15 digits"), "{bad}");
    }
}

#[test]
fn numbers_are_compared_by_value() {
    assert_eq!(parse("250"), parse("250.0"));
    assert_eq!(serde_json::to_value(parse("250.0").unwrap()).unwrap(), json!(250));
    assert_eq!(serde_json::to_value(parse("-0.0").unwrap()).unwrap(), json!(0));
}

#[test]
fn there_are_at_most_64_fields() {
    let object = |count: usize| (0..count).map(|n| (format!("f{n}"), json!(n))).collect::<Value>();
    assert!(serde_json::from_value::<CustomFields>(object(64)).is_ok());
    let error = serde_json::from_value::<CustomFields>(object(65)).unwrap_err().to_string();
    assert_eq!(error, "must have at most 64 fields, had 65");
}

#[test]
fn a_patch_sets_and_removes_and_leaves_alone() {
    let mut fields =
        custom([("a", custom_number(1.0)), ("b", custom_text("x")), ("c", CustomValue::Flag(true))]);
    let patch = CustomPatch::from([
        (key("a"), Some(custom_number(2.0))),
        (key("b"), None),
        (key("c"), Some(CustomValue::Flag(true))),
        (key("d"), None),
        (key("e"), Some(custom_text("new"))),
    ]);
    let changes = fields.changes(patch).unwrap();
    assert_eq!(
        changes,
        CustomChanges::from([
            (key("a"), Change { from: Some(custom_number(1.0)), to: Some(custom_number(2.0)) }),
            (key("b"), Change { from: Some(custom_text("x")), to: None }),
            (key("e"), Change { from: None, to: Some(custom_text("new")) }),
        ])
    );
    fields.apply(&changes);
    let after =
        custom([("a", custom_number(2.0)), ("c", CustomValue::Flag(true)), ("e", custom_text("new"))]);
    assert_eq!(fields, after);
}

#[test]
fn a_full_set_can_swap_one_field_for_another() {
    let full = (0..64).map(|n| (key(&format!("f{n}")), custom_number(1.0))).collect();
    let fields = CustomFields::new(full).unwrap();
    let add = (key("new"), Some(custom_number(1.0)));
    assert_eq!(fields.changes(CustomPatch::from([add.clone()])), Err(TooManyFields));
    assert!(fields.changes(CustomPatch::from([add, (key("f0"), None)])).is_ok());
}

proptest! {
    #[test]
    fn a_number_survives_json_exactly(mantissa in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0_u32..=15) {
        let number = CustomValue::Number(CustomNumber::new(Decimal::new(mantissa, scale)).unwrap());
        let json = serde_json::to_string(&number).unwrap();
        prop_assert_eq!(parse(&json), Ok(number.clone()), "{}", json);
        let tree = serde_json::to_value(&number).unwrap();
        prop_assert_eq!(serde_json::from_value::<CustomValue>(tree).unwrap(), number);
    }

    #[test]
    fn a_number_that_a_client_writes_is_kept_digit_by_digit(text in "-?(0|[1-9][0-9]{0,6})(\\.[0-9]{1,8})?") {
        let Ok(CustomValue::Number(number)) = parse(&text) else { panic!("{text} is short enough") };
        prop_assert_eq!(number.get(), text.parse::<Decimal>().unwrap());
    }

    #[test]
    fn no_number_makes_parsing_panic(number in any::<f64>()) {
        let _ = CustomValue::try_from(json!(number));
    }
}
