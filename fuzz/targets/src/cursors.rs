//! Cursors: the first line is the query of a list, the rest a cursor or the body of one.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let query = parts.next().and_then(|query| str::from_utf8(query).ok());
    let (Some(query), Some(cursor)) = (query, parts.next()) else { return Corpus::Reject };
    query_api::fuzzing::cursor(query, cursor);
    Corpus::Keep
});
