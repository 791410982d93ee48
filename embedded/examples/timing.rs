//! Timing.
use embedded::*;
use sqlx::Connection;
use std::time::Instant;
#[tokio::main]
async fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).expect("dir"));
    for _ in 0..3 {
        let t = Instant::now();
        let s = Embedded::start(Config { tools: find_tools().expect("t"), dir: dir.clone() }).await.expect("s");
        let a = t.elapsed();
        let _c = sqlx::PgConnection::connect(&s.database_url()).await.expect("c");
        let b = t.elapsed();
        s.stop().await.expect("stop");
        println!("started {a:?} connected {b:?} stop {:?}", t.elapsed() - b);
    }
    for _ in 0..2 {
        let t = Instant::now();
        let s = testing::start().expect("s");
        let a = t.elapsed();
        s.stop().await.expect("stop");
        println!("testing started {a:?} stop {:?}", t.elapsed() - a);
    }
    let t = Instant::now();
    testing::servers();
    println!("servers {:?}", t.elapsed());
    for _ in 0..4 {
        let t = Instant::now();
        let d = testing::database().await;
        let a = t.elapsed();
        drop(d);
        println!("database {a:?}");
    }
    let t = Instant::now();
    for _ in 0..40 {
        testing::database().await;
    }
    println!("40 dbs one after another {:?}", t.elapsed());
    let t = Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..40 {
        set.spawn(async { testing::database().await });
    }
    let all = set.join_all().await;
    println!("40 dbs at once {:?}", t.elapsed());
    drop(all);
}
