//! How many connections each address has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::address::network;

/// The connections of each address that has any.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    most: usize,
    connected: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection, which counts until it is dropped.
#[derive(Debug)]
pub(super) struct Peer {
    peers: Peers,
    address: IpAddr,
}

impl Peers {
    /// At most so many of each.
    pub fn new(most: usize) -> Self {
        Self { most, connected: Arc::default() }
    }

    /// Counts one more of an address, unless it has as many as it may have.
    pub fn enter(&self, address: IpAddr) -> Option<Peer> {
        let address = network(address);
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        let count = connected.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Peer { peers: self.clone(), address })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let mut connected = self.peers.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = connected.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                connected.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_and_gets_back_what_it_leaves() {
        let peers = Peers::new(2);
        let enter = |address: &str| peers.enter(address.parse().unwrap());
        let (one, other) = (enter("192.0.2.1").unwrap(), enter("::ffff:192.0.2.1").unwrap());
        assert!(enter("192.0.2.1").is_none());
        let network = [enter("2001:db8:1:2::1").unwrap(), enter("2001:db8:1:2:ffff::2").unwrap()];
        assert!(enter("2001:db8:1:2::3").is_none() && enter("2001:db8:1:3::1").is_some());
        drop(one);
        assert!(enter("192.0.2.1").is_some());
        drop((other, network));
        assert!(peers.connected.lock().unwrap().is_empty());
    }
}
