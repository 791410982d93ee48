//! As many requests as the server answers.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures::future::try_join_all;

use super::{Done, FlatOut, check};
use crate::http::Connection;

pub(super) async fn run(load: FlatOut) -> anyhow::Result<Done> {
    let FlatOut { address, connections, milliseconds, request, spelled, cache } = load;
    let opened = try_join_all((0..connections).map(|_| Connection::open(&address))).await?;
    let requests = Requests::new(&request, spelled);
    let turn = Duration::from_millis(milliseconds);
    let begun = Instant::now();
    let counts = try_join_all(opened.into_iter().map(async |mut connection| {
        let (mut count, mut contrary, mut bytes) = (0, 0, Vec::new());
        while begun.elapsed() < turn {
            requests.next(&mut bytes);
            let (status, came_from) = connection.status(&bytes).await?;
            check(status)?;
            count += 1;
            contrary += u64::from(came_from.is_some() && came_from != cache);
        }
        anyhow::Ok((count, contrary))
    }))
    .await?;
    Ok(Done {
        done: counts.iter().map(|(count, _)| count).sum(),
        contrary: counts.iter().map(|(_, contrary)| contrary).sum(),
        seconds: begun.elapsed().as_secs_f64(),
        ..Done::default()
    })
}

/// The requests that all connections send.
pub(super) struct Requests {
    before: Vec<u8>,
    spelled: Vec<u8>,
    after: Vec<u8>,
    next: Cell<u64>,
}

impl Requests {
    pub(super) fn new(request: &str, spelled: Option<(String, u64)>) -> Self {
        let (part, first) = spelled.unwrap_or_default();
        let (before, after) =
            if part.is_empty() { (request, "") } else { request.split_once(&part).unwrap_or((request, "")) };
        Self { before: before.into(), spelled: part.into(), after: after.into(), next: Cell::new(first) }
    }

    /// Each bit of the number says whether a letter or digit is written as it is or with a percent sign (RFC 3986, section
    /// 2.1), which means the same.
    pub(super) fn next(&self, bytes: &mut Vec<u8>) {
        let number = self.next.replace(self.next.get() + 1);
        bytes.clear();
        bytes.extend_from_slice(&self.before);
        let mut bits = number;
        for byte in &self.spelled {
            if !byte.is_ascii_alphanumeric() {
                bytes.push(*byte);
                continue;
            }
            let is_encoded = bits & 1 == 1;
            bits >>= 1;
            if is_encoded {
                bytes.extend_from_slice(format!("%{byte:02X}").as_bytes());
            } else {
                bytes.push(*byte);
            }
        }
        bytes.extend_from_slice(&self.after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(requests: &Requests, count: usize) -> Vec<String> {
        let mut bytes = Vec::new();
        let mut next = || {
            requests.next(&mut bytes);
            String::from_utf8(bytes.clone()).unwrap()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_part_is_spelled_in_another_way_each_time() {
        let requests = Requests::new("get /ab?c", Some(("ab".into(), 0)));
        assert_eq!(first(&requests, 4), ["get /ab?c", "get /%61b?c", "get /a%62?c", "get /%61%62?c"]);
        assert_eq!(first(&Requests::new("get /ab", Some(("ab".into(), 2))), 1), ["get /a%62"]);
    }

    #[test]
    fn what_is_no_letter_or_digit_stays_as_it_is_and_uses_up_no_spelling() {
        let requests = Requests::new("a-b", Some(("a-b".into(), 0)));
        assert_eq!(first(&requests, 4), ["a-b", "%61-b", "a-%62", "%61-%62"]);
    }

    #[test]
    fn a_request_without_such_a_part_stays_the_same() {
        assert_eq!(first(&Requests::new("post {}", None), 2), ["post {}", "post {}"]);
    }
}
