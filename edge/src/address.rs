//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use crate::{EdgeState, Problem};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of a client, as far as it can be known.
///
/// It is that of the other end of the connection. Behind proxies, each of which adds to `X-Forwarded-For` whom it heard the
/// request from, it is what the outermost of them added: what stands before that, a client can write itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl<S: EdgeState> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        // Only where no connection is, in tests of a router, there is no peer.
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Ok(Self(client(&parts.headers, peer, state.proxies()).unwrap_or(unknown)))
    }
}

/// What counts as one address: of IPv6, the network that a single customer has.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four @ IpAddr::V4(_) => four,
    }
}

/// The address of a client whose connection, or that of so many proxies, comes from `peer`.
pub(crate) fn client(headers: &HeaderMap, peer: Option<IpAddr>, proxies: usize) -> Option<IpAddr> {
    forwarded(headers, proxies).or(peer)
}

/// What the outermost of so many proxies added.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let place = proxies.checked_sub(1)?;
    let values = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let told: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let added = told.iter().rev().nth(place)?;
    added.parse().or_else(|_| added.parse::<SocketAddr>().map(|address| address.ip())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str], proxies: usize) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        forwarded(&headers, proxies).map(|address| address.to_string())
    }

    #[test]
    fn what_a_client_writes_itself_counts_for_nothing() {
        let lines = ["203.0.113.9, 198.51.100.1", "192.0.2.1"];
        assert_eq!(told(&lines, 0), None);
        assert_eq!(told(&lines, 1).as_deref(), Some("192.0.2.1"));
        assert_eq!(told(&lines, 2).as_deref(), Some("198.51.100.1"));
        assert_eq!(told(&lines, 4), None);
        assert_eq!(told(&[], 1), None);
        assert_eq!(told(&["203.0.113.9, unknown"], 1), None);
        assert_eq!(told(&["192.0.2.1:4711"], 1).as_deref(), Some("192.0.2.1"));
        assert_eq!(told(&["2001:db8::1"], 1).as_deref(), Some("2001:db8::1"));
    }
}
