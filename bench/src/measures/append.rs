//! Commands in process: loaded, decided, appended and durable.

use futures::future::{FutureExt as _, LocalBoxFuture};

use super::Measure;
use crate::bench::Bench;
use crate::outcome::{Bar, Row};
use crate::references::raw_insert::RawInsert;
use crate::references::stock;
use crate::rounds::{Client, all_act, alternate};
use crate::workload::Salesperson;

/// Commands by so many clients at once.
pub struct Append {
    name: &'static str,
    about: &'static str,
    title: &'static str,
    clients: usize,
    beside: Beside,
    bar: Bar,
}

enum Beside {
    Stock,
    RawInsert,
}

pub const MANY: Append = Append {
    name: "append-64",
    about: "commands in process by 64 clients, beside stock cqrs-es with postgres-es",
    title: "append in process, 64 clients",
    clients: 64,
    beside: Beside::Stock,
    bar: Bar::Times(8.0),
};

pub const CROWD: Append = Append {
    name: "append-256",
    about: "commands in process by 256 clients, beside a raw multi-row insert",
    title: "append in process, 256 clients",
    clients: 256,
    beside: Beside::RawInsert,
    bar: Bar::Percent(35.0),
};

pub const ONE: Append = Append {
    name: "append-1",
    about: "commands in process by one client, beside stock cqrs-es with postgres-es",
    title: "append in process, 1 client",
    clients: 1,
    beside: Beside::Stock,
    bar: Bar::Times(1.0),
};

impl Measure for Append {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name).await?;
            let mut ours = Salesperson::team(&place, self.clients)?;
            all_act(&mut ours, bench.options.warm_up()).await?;
            let row = match self.beside {
                Beside::Stock => {
                    self.beside(bench, ours, stock::clients(&place, self.clients).await?).await?
                }
                Beside::RawInsert => self.beside(bench, ours, RawInsert::streams(&place).await?).await?,
            };
            bench.servers.clear(place).await?;
            Ok(vec![row])
        }
        .boxed_local()
    }
}

impl Append {
    async fn beside<O: Client, R: Client>(
        &self,
        bench: &Bench,
        mut ours: Vec<O>,
        mut reference: Vec<R>,
    ) -> anyhow::Result<Row> {
        let turn = bench.options.turn();
        all_act(&mut reference, bench.options.warm_up()).await?;
        let pair = alternate(
            bench.options.rounds,
            async || all_act(&mut ours, turn).await,
            async || all_act(&mut reference, turn).await,
        )
        .await?;
        let (reference, note) = match self.beside {
            Beside::Stock => ("stock `cqrs-es`", stock::NOTE),
            Beside::RawInsert => ("raw insert", RawInsert::NOTE),
        };
        Ok(Row::compared(self.title, "commands/s", reference, pair, self.bar).noting(note))
    }
}
