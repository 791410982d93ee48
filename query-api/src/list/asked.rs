//! What was asked of a list, and the links that ask it again.

use std::borrow::Cow;

use edge::Link;
use edge::query::divided;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What need not be escaped in a query: unreserved characters, and two that read better as they are.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b',');

/// Everything that was asked, but for where to begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    all: Vec<(String, String)>,
    /// How many of them came by the URL, if the others, and where to begin, go by `X-Query`.
    by_url: Option<usize>,
}

/// A parameter as it was sent, and as it was meant if it can be decoded.
pub(super) struct Sent<'a> {
    pub(super) raw: &'a str,
    pub(super) pair: Option<(String, String)>,
    by_header: bool,
}

/// The parameters of a query, those that came by the URL first.
pub(super) fn sent(query: &str) -> impl Iterator<Item = Sent<'_>> {
    let (by_url, by_header) = divided(query);
    let of = |query, by_header| pairs(query).map(move |(raw, pair)| Sent { raw, pair, by_header });
    of(by_url, false).chain(of(by_header.unwrap_or_default(), true))
}

impl Asked {
    /// Nothing yet of a query.
    pub(super) fn of(query: &str) -> Self {
        Self { all: Vec::new(), by_url: divided(query).1.map(|_| 0) }
    }

    /// Adds a parameter, in the order of sending.
    pub(super) fn add(&mut self, sent: Sent<'_>) {
        let Some(pair) = sent.pair else { return };
        self.all.push(pair);
        if let Some(count) = self.by_url.as_mut().filter(|_| !sent.by_header) {
            *count += 1;
        }
    }

    /// All of it by name and value, whatever the order of asking, but for the size of pages, which may change on the way.
    pub(super) fn fingerprint(&self) -> impl Iterator<Item = &str> {
        let mut asked: Vec<_> = self.all.iter().filter(|(name, _)| name != "page_size").collect();
        asked.sort_unstable();
        asked.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()])
    }

    /// The link that asks it at a path, beginning somewhere. What came by `X-Query` goes by it.
    pub(super) fn link(&self, path: &str, begin: Option<(&str, &str)>) -> Link {
        let (by_url, by_header) = self.all.split_at(self.by_url.unwrap_or(self.all.len()));
        let (by_url, by_header) = (texts(by_url), texts(by_header));
        match self.by_url {
            None => Link::get(link(path, by_url.chain(begin))),
            Some(_) => Link::get(link(path, by_url)).with_query(written(by_header.chain(begin))),
        }
    }
}

fn texts(asked: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    asked.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// A path with a query.
pub(crate) fn link<'a>(path: &str, asked: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    match written(asked) {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A query.
pub(crate) fn written<'a>(asked: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in asked {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, ESCAPED));
        text.push('=');
        text.extend(utf8_percent_encode(value, ESCAPED));
    }
    text
}

/// The parameters of a query as they were sent, and as they were meant if they can be decoded.
fn pairs(query: &str) -> impl Iterator<Item = (&str, Option<(String, String)>)> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
    };
    query.split('&').filter(|raw| !raw.is_empty()).map(move |raw| {
        let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
        (raw, decode(name).zip(decode(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        let mut asked = Asked::of(query);
        sent(query).for_each(|sent| asked.add(sent));
        asked
    }

    #[test]
    fn what_came_by_the_header_is_in_no_link_but_as_what_goes_by_it() {
        let asked = asked("sort=name&page_size=5&&q=Ada&filter[email]=a%40b.example");
        let link = asked.link("/leads", Some(("cursor", "abc")));
        assert_eq!(link.href, "/leads?sort=name&page_size=5");
        assert_eq!(link.query.as_deref(), Some("q=Ada&filter%5Bemail%5D=a%40b.example&cursor=abc"));
    }

    #[test]
    fn a_cursor_goes_by_the_header_if_anything_might_have_come_by_it() {
        let link = asked("sort=name&&").link("/leads", Some(("cursor", "abc")));
        assert_eq!((link.href.as_str(), link.query.as_deref()), ("/leads?sort=name", Some("cursor=abc")));
        let link = asked("&&").link("/leads", None);
        assert_eq!((link.href.as_str(), link.query.as_deref()), ("/leads", None));
    }

    #[test]
    fn what_came_by_the_url_is_in_the_link() {
        let link = asked("sort=name&q=Ada").link("/leads", Some(("cursor", "abc")));
        assert_eq!((link.href.as_str(), link.query), ("/leads?sort=name&q=Ada&cursor=abc", None));
    }

    #[test]
    fn by_which_way_something_was_asked_makes_no_other_list() {
        let fingerprint = |query| asked(query).fingerprint().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(fingerprint("q=Ada&sort=name"), fingerprint("sort=name&&q=Ada&page_size=7"));
        assert_ne!(fingerprint("q=Ada"), fingerprint("&&q=Bea"));
    }
}
