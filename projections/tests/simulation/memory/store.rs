//! The read models as the runner sees them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use event_store::Recorded;
use projections::checkpoint::Target;
use projections::fold::{Changes, Stop, StoredRow};
use projections::runner;
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::database::Database;
use super::error::{lost, refused};
use super::link::call;
use super::state::RowKey;
use crate::oracle;
use crate::plant::Plant;
use crate::views::is_refused;

/// A process's pool of connections.
#[derive(Clone)]
pub struct MemoryStore(pub Arc<Database>);

impl MemoryStore {
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Database) -> T + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let database = self.0.clone();
        call(&self.0.weather, async move { question(&database) }).await.map_err(|_| lost())
    }
}

impl runner::ReadStore for MemoryStore {
    type Transaction = Transaction;

    async fn ensure(&self, view: &str) -> Result<(), sqlx::Error> {
        let view = view.to_owned();
        self.ask(move |database| {
            let generation = database.generation();
            // Nothing else happens in between.
            let _made = database.change(generation, |state| {
                state.views.entry(view).or_default();
            });
        })
        .await
    }

    async fn position(&self, view: &str) -> Result<i64, sqlx::Error> {
        let view = view.to_owned();
        self.ask(move |database| checkpoint(database, &view)).await
    }

    async fn head(&self) -> Result<i64, sqlx::Error> {
        self.ask(|database| database.look(|state| state.head)).await
    }

    async fn after(&self, position: i64, limit: i64) -> Result<Vec<Recorded>, sqlx::Error> {
        self.ask(move |database| database.look(|state| state.after(position, limit))).await
    }

    async fn advance(&self, view: &str, target: &Target) -> Result<bool, sqlx::Error> {
        let mut transaction = self.begin().await?;
        let advanced = runner::Transaction::advance(&mut transaction, view, target).await?;
        runner::Transaction::commit(transaction).await?;
        Ok(advanced.is_some())
    }

    async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let generation = self.0.generation();
        self.0.weather.pass().await;
        let open = Open { generation, ..Open::default() };
        Ok(Transaction(TransactionRows { database: self.0.clone(), open: Arc::new(Mutex::new(open)) }))
    }
}

fn checkpoint(database: &Database, view: &str) -> i64 {
    database.look(|state| state.views.get(view).map_or(0, |view| view.checkpoint))
}

/// What an open transaction did so far.
#[derive(Default)]
struct Open {
    generation: u64,
    lock: Option<OwnedMutexGuard<()>>,
    moved: Option<(String, Target)>,
    written: Written,
    savepoint: Option<Written>,
    failed: bool,
}

#[derive(Clone, Default)]
struct Written {
    rows: BTreeMap<(String, RowKey), Option<Value>>,
    parked: BTreeMap<(String, Uuid), i64>,
}

/// A transaction on one connection.
pub struct Transaction(TransactionRows);

/// The rows within it.
pub struct TransactionRows {
    database: Arc<Database>,
    open: Arc<Mutex<Open>>,
}

impl TransactionRows {
    /// One statement: refused in a transaction that has failed, and on a connection that was cut.
    async fn state<T: Send + 'static>(
        &self,
        statement: impl FnOnce(&Database, &mut Open) -> Result<T, sqlx::Error> + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let (database, open) = (self.database.clone(), self.open.clone());
        let done = call(&self.database.weather, async move {
            let mut open = open.lock().unwrap();
            if open.failed || open.generation != database.generation() {
                return Err(lost());
            }
            let done = statement(&database, &mut open);
            open.failed = done.is_err();
            done
        });
        done.await.unwrap_or_else(|_| Err(lost()))
    }
}

impl runner::Transaction for Transaction {
    type Rows = TransactionRows;

    async fn advance(&mut self, view: &str, target: &Target) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
        let (database, open, view) = (self.0.database.clone(), self.0.open.clone(), view.to_owned());
        let target = target.clone();
        let advanced = call(&self.0.database.weather, async move {
            let lock = database.lock_view(&view).await;
            let mut open = open.lock().unwrap();
            if open.generation != database.generation() {
                return Err(lost());
            }
            let here = checkpoint(&database, &view);
            let last = if database.plant == Plant::LastEventOnly { target.events.len() - 1 } else { 0 };
            let known = database.look(|state| {
                target.events[last..].iter().all(|(position, id)| state.event_id(*position) == Some(*id))
            });
            let from = here == target.from || database.plant == Plant::NoPositionCheck;
            if !(from && (known || database.plant == Plant::NoEventCheck)) {
                return Ok(None);
            }
            open.lock = Some(lock);
            let parked = |state: &super::state::State| {
                state.views.get(&view).map(|view| view.parked.keys().copied().collect()).unwrap_or_default()
            };
            let parked = database.look(parked);
            open.moved = Some((view, target));
            Ok(Some(parked))
        });
        advanced.await.unwrap_or_else(|_| Err(lost()))
    }

    async fn position(&mut self, view: &str) -> Result<i64, sqlx::Error> {
        let view = view.to_owned();
        self.0.state(move |database, _| Ok(checkpoint(database, &view))).await
    }

    fn rows(&mut self) -> &mut TransactionRows {
        &mut self.0
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        self.0.state(commit).await
    }

    async fn rollback(self) -> Result<(), sqlx::Error> {
        self.0
            .state(|_, open| {
                *open = Open::default();
                Ok(())
            })
            .await
    }
}

fn commit(database: &Database, open: &mut Open) -> Result<(), sqlx::Error> {
    let Open { generation, lock, moved, written, .. } = std::mem::take(open);
    let changed = database.change(generation, |state| {
        for ((view, key), row) in written.rows {
            let rows = &mut state.views.entry(view).or_default().rows;
            match row {
                Some(row) => rows.insert(key, row),
                None => rows.remove(&key),
            };
        }
        for ((view, tenant), position) in written.parked {
            state.views.entry(view).or_default().parked.insert(tenant, position);
        }
        if let Some((view, target)) = &moved {
            state.views.entry(view.clone()).or_default().checkpoint = target.to;
        }
    });
    drop(lock);
    changed.map_err(|_| lost())?;
    if let Some((view, target)) = moved {
        database.weather.trace.step(format_args!("{view} folded {} to {}", target.from + 1, target.to));
        database.look(|state| database.weather.hold(oracle::view_is_a_fold(state, &view)));
    }
    Ok(())
}

impl runner::Rows for TransactionRows {
    async fn load(&mut self, table: &str, keys: &[RowKey]) -> Result<Vec<StoredRow>, sqlx::Error> {
        let (table, keys) = (table.to_owned(), keys.to_vec());
        self.state(move |database, open| {
            let committed = |key: &RowKey| {
                database.look(|state| state.views.get(&table).and_then(|view| view.rows.get(key).cloned()))
            };
            let row = |key: RowKey| {
                let own = open.written.rows.get(&(table.clone(), key)).cloned();
                own.unwrap_or_else(|| committed(&key)).map(|doc| StoredRow { key, doc })
            };
            Ok(keys.into_iter().filter_map(row).collect())
        })
        .await
    }

    async fn store(&mut self, table: &str, changes: Changes) -> Result<(), sqlx::Error> {
        let table = table.to_owned();
        self.state(move |database, open| {
            for (key, _, doc) in changes.upserts {
                let doc: Value = serde_json::from_str(&doc).unwrap();
                if is_refused(&doc) {
                    return Err(refused("row_check"));
                }
                open.written.rows.insert((table.clone(), key), Some(doc.clone()));
                if database.plant == Plant::NoTransaction {
                    // As if each row were written in a transaction of its own.
                    let _written = database.change(open.generation, |state| {
                        state.views.entry(table.clone()).or_default().rows.insert(key, doc)
                    });
                }
            }
            for key in changes.deletes {
                open.written.rows.insert((table.clone(), key), None);
            }
            Ok(())
        })
        .await
    }

    async fn park(&mut self, table: &str, stops: &[Stop]) -> Result<(), sqlx::Error> {
        if stops.is_empty() {
            return Ok(());
        }
        let stops: Vec<_> =
            stops.iter().map(|stop| ((table.to_owned(), stop.tenant), stop.position)).collect();
        self.state(move |_, open| {
            open.written.parked.extend(stops);
            Ok(())
        })
        .await
    }

    async fn of_tenant(
        &mut self,
        tenant: Uuid,
        after: i64,
        until: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        self.state(move |database, _| {
            let events = database.look(|state| state.after(after, until - after));
            Ok(events.into_iter().filter(|event| event.tenant_id == tenant).collect())
        })
        .await
    }

    async fn savepoint(&mut self) -> Result<(), sqlx::Error> {
        self.state(|_, open| {
            open.savepoint = Some(open.written.clone());
            Ok(())
        })
        .await
    }

    async fn release(&mut self) -> Result<(), sqlx::Error> {
        self.state(|_, open| {
            open.savepoint = None;
            Ok(())
        })
        .await
    }

    async fn undo(&mut self) -> Result<(), sqlx::Error> {
        let open = self.open.clone();
        let undone = call(&self.database.weather, async move {
            let mut open = open.lock().unwrap();
            if let Some(written) = open.savepoint.clone() {
                open.written = written;
                open.failed = false;
            }
        });
        undone.await.map_err(|_| lost())
    }
}

impl Drop for TransactionRows {
    /// The server learns later that the process is gone, and only then undoes the transaction and frees its locks.
    fn drop(&mut self) {
        let (open, weather) = (self.open.clone(), self.database.weather.clone());
        tokio::spawn(async move {
            weather.pass().await;
            drop(open);
        });
    }
}
