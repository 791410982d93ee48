//! Rounds in which both sides take turns, so that whatever else the machine does meets both alike.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::statistics::rate;

/// The values of both sides, by round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    pub ours: Vec<f64>,
    pub reference: Vec<f64>,
}

/// Has both sides measure themselves once a round. Who begins changes from round to round.
pub async fn alternate(
    rounds: u32,
    mut ours: impl AsyncFnMut() -> anyhow::Result<f64>,
    mut reference: impl AsyncFnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<Pair> {
    let mut pair = Pair::default();
    for round in 0..rounds {
        if round % 2 == 0 {
            pair.ours.push(ours().await?);
            pair.reference.push(reference().await?);
        } else {
            pair.reference.push(reference().await?);
            pair.ours.push(ours().await?);
        }
    }
    Ok(pair)
}

/// Somebody who does one thing after the other.
pub trait Client: Send + 'static {
    /// Does one thing; tells how many that counts for.
    fn act(&mut self) -> impl Future<Output = anyhow::Result<u64>> + Send;
}

/// Lets all clients act for so long, each in a task of its own, and tells how many things were done per second.
pub async fn all_act<C: Client>(clients: &mut Vec<C>, turn: Duration) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for mut client in clients.drain(..) {
        tasks.spawn(async move {
            let mut count = 0;
            while begun.elapsed() < turn {
                count += client.act().await?;
            }
            anyhow::Ok((client, count))
        });
    }
    let mut done = 0;
    while let Some(ended) = tasks.join_next().await {
        let (client, count) = ended??;
        clients.push(client);
        done += count;
    }
    Ok(rate(done, begun.elapsed().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn sides_take_turns_and_who_begins_changes() {
        let order = RefCell::new(String::new());
        let side = async |name: char, value: f64| {
            order.borrow_mut().push(name);
            anyhow::Ok(value)
        };
        let pair = alternate(3, async || side('a', 1.0).await, async || side('b', 2.0).await).await.unwrap();
        assert_eq!(*order.borrow(), "abbaab");
        assert_eq!((pair.ours, pair.reference), (vec![1.0; 3], vec![2.0; 3]));
    }

    struct Fails(bool);

    impl Client for Fails {
        async fn act(&mut self) -> anyhow::Result<u64> {
            anyhow::ensure!(!self.0, "no");
            tokio::task::yield_now().await;
            Ok(1)
        }
    }

    #[tokio::test]
    async fn a_failing_client_fails_the_round() {
        let mut clients = vec![Fails(false), Fails(true)];
        assert!(all_act(&mut clients, Duration::from_millis(1)).await.is_err());
    }

    #[tokio::test]
    async fn clients_come_back_for_the_next_round() {
        let mut clients = vec![Fails(false), Fails(false)];
        assert!(all_act(&mut clients, Duration::from_millis(1)).await.unwrap() > 0.0);
        assert_eq!(clients.len(), 2);
    }
}
