//! serde's messages in plain words, without the values that they repeat and without names of Rust types.

/// The code and the message of a field error, from what serde said about a value.
///
/// `sent` is the value if it is text: a message that repeats it is replaced, since it may be a secret.
pub(crate) fn plain(text: &str, sent: Option<&str>) -> (&'static str, String) {
    // What was expected comes last and from our code; what was sent comes before it and may imitate it.
    let expected = || text.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
    if text.starts_with("unknown field ") {
        if text.ends_with("there are no fields") {
            return ("unknown", "is not known here, where there are no fields".to_owned());
        }
        return ("unknown", format!("is not known here, where there are {}", names(expected())));
    }
    if text.starts_with("unknown variant ") {
        return ("invalid", format!("must be one of {}", names(expected())));
    }
    if text.starts_with("invalid type: null,") {
        return ("type", "must not be null".to_owned());
    }
    if text.starts_with("invalid type: ") {
        return ("type", format!("must be {}", kind(expected())));
    }
    if text.starts_with("invalid value: ") || text.starts_with("invalid length ") {
        return ("invalid", format!("must be {}", kind(expected())));
    }
    if text.starts_with("duplicate field ") {
        return ("duplicate", "must be sent once".to_owned());
    }
    if text.starts_with("data did not match any variant") {
        return ("invalid", "must have one of the documented shapes".to_owned());
    }
    ("invalid", own(text, sent))
}

/// `a, b` of "`a` or `b`" or "one of `a`, `b`".
fn names(expected: &str) -> String {
    expected.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ")
}

/// What a Rust type expects, in words.
fn kind(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number from 0",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i8" | "i16" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" | "str" | "a borrowed string" => "text",
        "a character" => "one character",
        "a sequence" => "a list",
        "a map" => "an object",
        "unit" => "null",
        "a Decimal type representing a fixed-point number" => "a decimal number as text, such as \"12.50\"",
        "a formatted date string" => "a date such as 2026-01-31",
        "an RFC 3339 formatted date and time string" => "a time such as 2026-01-31T12:00:00Z",
        _ if expected.contains("UUID") => "a UUID",
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged") => "an object",
        _ if expected.starts_with("tuple") || expected.starts_with("a tuple") => {
            "a list of the documented length"
        }
        _ if expected.contains("enum") || expected.starts_with("variant") => "one of the documented names",
        _ if expected == "string or map" => "one of the documented names",
        _ => expected,
    }
}

/// What a value object or a library said of its own accord.
fn own(text: &str, sent: Option<&str>) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    let plain = match text {
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => "must be a whole number, not too large",
        "provided string was not `true` or `false`" => "must be true or false",
        "invalid float literal" | "cannot parse float from empty string" => "must be a number",
        "input contains invalid characters"
        | "input is not enough for unique date and time"
        | "input is out of range"
        | "premature end of input"
        | "trailing input" => "must be a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z",
        "Matching variant not found" => "must be one of the documented names",
        _ if text.starts_with("UUID parsing failed") => "must be a UUID",
        _ => text,
    };
    match sent {
        Some(sent) if sent.chars().count() > 3 && plain.contains(sent) => "is invalid".to_owned(),
        _ => plain.to_owned(),
    }
}
