//! `X-Query`: whatever may follow `?` in a URL may come by this header, so that names get into no log and no history on the way.
//!
//! Both are joined in the URI of the request before a route sees it, since routes read that, and answers are kept by it.

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, Uri};

use super::{pairs, shown};
use crate::headers::{Field, X_QUERY, read};
use crate::web::Names;
use crate::{FieldError, Problem};

/// What stands, in a query that was joined, between what came by the URL and what came by the header: a parameter without a name.
/// No query that came by a URL has it.
pub const DIVIDER: &str = "&&";

/// Parameters, beside filters, that may name people. Cursors hold what a list is sorted by.
const NAMING: [&str; 3] = ["q", "cursor", "actor"];

/// `X-Query`: what may follow `?` in a URL.
struct HeaderQuery(String);

impl Field for HeaderQuery {
    const NAME: HeaderName = X_QUERY;
    const WRITTEN: &'static str = "X-Query";
    const RULE: &'static str = "must be what may follow ? in a URL, with all else percent-encoded";

    fn parse(text: &str) -> Option<Self> {
        let fits = |byte| matches!(byte, b'!' | b'$'..=b';' | b'=' | b'?'..=b'~');
        text.bytes().all(fits).then(|| Self(text.to_owned()))
    }
}

/// What came by the URL; and what came by the header, if anything was to come by it.
pub fn divided(query: &str) -> (&str, Option<&str>) {
    match query.split_once(DIVIDER) {
        Some((by_url, by_header)) => (by_url, Some(by_header)),
        None => (query, None),
    }
}

/// Puts what came by the header into the URI of a read, after what came by the URL. Where URLs may not name people, all that was
/// asked counts as if some of it had come by the header, so that no link puts a cursor into a URL.
///
/// # Errors
/// 422 if the header is no query; 400 if the URL has what it may not have; 431 if both together are too long.
pub(crate) fn join(request: &mut Request, names: Names) -> Result<(), Problem> {
    let by_header = read::<HeaderQuery>(request.headers())?;
    let by_url = request.uri().query().unwrap_or_default();
    if names == Names::ByHeader {
        refuse_names(by_url)?;
    }
    let is_divided = by_header.is_some() || names == Names::ByHeader;
    if !is_divided && !by_url.contains(DIVIDER) {
        return Ok(());
    }
    let by_url: Vec<&str> = by_url.split('&').filter(|raw| !raw.is_empty()).collect();
    let mut target = format!("{}?{}", request.uri().path(), by_url.join("&"));
    if is_divided {
        target.push_str(DIVIDER);
        target.push_str(by_header.as_ref().map_or("", |HeaderQuery(text)| text));
    }
    let mut parts = request.uri().clone().into_parts();
    // Each half has been read as one; only together can they be too long.
    let target = PathAndQuery::try_from(target).map_err(|_| Problem::headers_too_large())?;
    parts.path_and_query = Some(target);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| Problem::headers_too_large())?;
    Ok(())
}

fn refuse_names(query: &str) -> Result<(), Problem> {
    let names = pairs(query).0.into_iter().map(|pair| pair.name);
    let naming = names.filter(|name| name.starts_with("filter[") || NAMING.contains(&name.as_str()));
    let errors: Vec<FieldError> =
        naming.map(|name| FieldError::new(shown(&name), "in_url", "must be sent by X-Query")).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::names_in_url(errors)) }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn joined(uri: &str, header: Option<&str>, names: Names) -> Result<String, Problem> {
        let request = axum::http::Request::get(uri);
        let request = match header {
            Some(text) => request.header(X_QUERY, text),
            None => request,
        };
        let mut request = request.body(Body::empty()).unwrap();
        join(&mut request, names)?;
        Ok(request.uri().to_string())
    }

    #[test]
    fn what_came_by_the_header_stands_after_what_came_by_the_url() {
        let of = |uri, header| joined(uri, header, Names::InUrls).unwrap();
        assert_eq!(of("/leads?sort=name", None), "/leads?sort=name");
        assert_eq!(of("/leads?sort=name", Some("q=Ada")), "/leads?sort=name&&q=Ada");
        assert_eq!(of("/leads", Some("q=Ada")), "/leads?&&q=Ada");
        assert_eq!(of("/leads?page_size=5", Some("")), "/leads?page_size=5&&");
        assert_eq!(of("http://crm.example/leads", Some("q=Ada")), "http://crm.example/leads?&&q=Ada");
        assert_eq!(
            of("/leads", Some("filter[email]=a%40b.example&q=?/")),
            "/leads?&&filter[email]=a%40b.example&q=?/"
        );
    }

    #[test]
    fn nobody_passes_a_url_off_as_the_header() {
        let of = |uri, header| joined(uri, header, Names::InUrls).unwrap();
        assert_eq!(of("/leads?sort=name&&q=Ada&", None), "/leads?sort=name&q=Ada");
        assert_eq!(of("/leads?&&sort=name", Some("q=Ada")), "/leads?sort=name&&q=Ada");
        assert_eq!(divided("sort=name&&q=Ada&&x=1"), ("sort=name", Some("q=Ada&&x=1")));
        assert_eq!(divided("sort=name&q=Ada"), ("sort=name&q=Ada", None));
    }

    #[test]
    fn a_header_that_could_follow_no_question_mark_is_refused() {
        for bad in ["q=a b", "q=Ada#rest", "q=<a>", "q=\"a\"", "q=Zo\u{eb}"] {
            let problem = joined("/leads", Some(bad), Names::InUrls).unwrap_err();
            let [error] = &problem.body().errors[..] else { panic!("{bad}: {problem}") };
            assert_eq!((error.field.as_str(), &*error.code), ("X-Query", "invalid"), "{bad}");
            assert!(!format!("{:?}", problem.body()).contains("Ada"), "{problem:?}");
        }
    }

    #[test]
    fn all_that_may_follow_a_question_mark_may_come_by_the_header() {
        let all: String = (0x21_u8..0x7f).map(char::from).filter(|c| !"\"#<>".contains(*c)).collect();
        assert_eq!(joined("/leads", Some(&all), Names::InUrls).unwrap(), format!("/leads?&&{all}"));
    }

    #[test]
    fn together_they_are_no_longer_than_a_url_may_be() {
        let (url, header) = (format!("/leads?q={}", "a".repeat(40_000)), "b".repeat(30_000));
        let problem = joined(&url, Some(&header), Names::InUrls).unwrap_err();
        assert_eq!(problem.body().code, "headers.too_large");
    }

    #[test]
    fn where_urls_may_not_name_people_each_parameter_that_could_is_refused() {
        let of = |uri| joined(uri, Some("q=Ada"), Names::ByHeader);
        for (uri, named) in [
            ("/leads?q=Ada", "q"),
            ("/leads?%71=Ada", "q"),
            ("/leads?sort=name&filter[email]=a", "filter[email]"),
            ("/leads?filter%5Bname%5D%5Bcontains%5D=a", "filter[name][contains]"),
            ("/leads?filter[custom.a]=b", "filter[custom.a]"),
            ("/leads?cursor=YWRh", "cursor"),
            ("/audit/events?&&actor=ada", "actor"),
        ] {
            let problem = of(uri).unwrap_err();
            assert_eq!(problem.body().code, "query.in_url", "{uri}");
            let [error] = &problem.body().errors[..] else { panic!("{uri}: {problem}") };
            assert_eq!(error.field, named);
        }
        assert_eq!(of("/leads?sort=name&page_size=5").unwrap(), "/leads?sort=name&page_size=5&&q=Ada");
        assert_eq!(joined("/leads", None, Names::ByHeader).unwrap(), "/leads?&&");
    }
}
