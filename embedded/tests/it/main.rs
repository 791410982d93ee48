//! The servers for real: started, stopped, killed, and in each other's way.

#![allow(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod ends;
mod refusals;
mod serve;
mod testing;

use std::path::Path;
use std::time::Duration;

use embedded::{Config, Embedded, Error, find_tools};
use sqlx::{Connection, PgConnection};

async fn start(dir: &Path) -> Result<Embedded, Error> {
    Embedded::start(Config { tools: find_tools()?, dir: dir.to_owned() }).await
}

async fn connect(servers: &Embedded) -> PgConnection {
    PgConnection::connect(&servers.database_url()).await.unwrap()
}

fn port(url: &str) -> u16 {
    let digits: String = url.rsplit_once(':').unwrap().1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Returns when the condition holds.
async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..3000 {
        if condition() {
            return;
        }
        tick.tick().await;
    }
    panic!("not within 30 s: {what}");
}

/// With the user and password of the URL, which `async_nats::connect` ignores.
async fn connect_nats(url: &str) -> async_nats::Client {
    let login = url.strip_prefix("nats://").unwrap().split_once('@').unwrap().0;
    let (user, password) = login.split_once(':').unwrap();
    let options = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned());
    options.connect(url).await.unwrap()
}
