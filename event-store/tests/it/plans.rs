use futures::TryStreamExt;
use sqlx::Row;

use crate::log::Log;

/// A statement is planned while the log is young, and sessions keep that plan while the log grows.
#[tokio::test]
async fn no_statement_of_the_appender_reads_the_whole_log() {
    let log = Log::new().await;
    for sql in [include_str!("../../src/sql/append.sql"), include_str!("../../src/sql/guards.sql")] {
        let explain = format!("explain (generic_plan) {sql}");
        let lines: Vec<String> = sqlx::raw_sql(&explain)
            .fetch(&log.pool)
            .map_ok(|row| row.get::<String, _>(0))
            .try_collect()
            .await
            .unwrap();
        let plan = lines.join("\n");
        assert!(plan.contains("event_sequence_key"), "{plan}");
        assert!(!plan.contains("Seq Scan on event"), "{plan}");
    }
}
