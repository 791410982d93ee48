//! `crm status`: how far everything is, on one screen.

mod show;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use crate::config::SiteArgs;
use crate::site::Site;
use crate::standing::{Log, Observer, Stream};

/// The exit code of `--once` if something is not as it should be; 1 means that it could not be found out.
const NOT_WELL: u8 = 2;

/// How to look.
#[derive(Args)]
#[command(after_help = "\
On a terminal this is one screen, drawn anew each time until Ctrl-C. In a pipe it is plain lines of key=value:
  crm status | grep --line-buffered view=sales_lead_list

--once looks once, over one interval, and ends. For scripts its exit code tells:
  0  all is well
  1  PostgreSQL could not be asked
  2  a tenant's rows stand still, NATS does not answer, no relay is active, or something lags by more than --max-lag
For example, before a deployment goes on:
  until crm status --once --max-lag 100; do sleep 1; done

LAG is in events; BEHIND is the age of the oldest event that a read model lacks. PARKED counts tenants whose rows
stand still because an event could not be folded: `crm resume` lets them go on once what stopped them is mended.")]
pub struct StatusArgs {
    /// Look once and end; the exit code tells whether all is well
    #[arg(long)]
    once: bool,
    /// Seconds between two looks; rates are over this time
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS", value_parser = interval)]
    every: f64,
    /// With --once: the most events that the relay or a read model may lag
    #[arg(long, value_name = "EVENTS", requires = "once")]
    max_lag: Option<i64>,
}

fn interval(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        Ok(_) | Err(_) => Err("must be a number of seconds from 0.1 to 3600".to_owned()),
    }
}

/// One look.
pub struct Look {
    at: Instant,
    log: Log,
    /// Nothing inside if there is no stream; an error if NATS did not answer.
    stream: Result<Option<Stream>, String>,
}

/// Looks until Ctrl-C, or once.
pub async fn status(args: &SiteArgs, status: &StatusArgs) -> anyhow::Result<ExitCode> {
    let site = Site::open(args).await?;
    let observer = Observer::connect(args, &site).await?;
    let shown = tokio::select! {
        shown = watch(&observer, status) => shown,
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| ExitCode::SUCCESS).map_err(Into::into),
    };
    site.close().await?;
    shown
}

async fn watch(observer: &Observer, status: &StatusArgs) -> anyhow::Result<ExitCode> {
    let every = Duration::from_secs_f64(status.every);
    let screen = std::io::stdout().is_terminal();
    let mut before = look(observer).await?;
    if screen && !status.once {
        print("\x1b[2J", false)?;
    }
    loop {
        tokio::time::sleep(every).await;
        let now = look(observer).await?;
        let text = if screen {
            show::screen(&now, &before, &observer.stream_name())
        } else {
            show::lines(&now, &before)
        };
        if !print(&text, screen && !status.once)? {
            return Ok(ExitCode::SUCCESS);
        }
        if status.once {
            let wrong = now.wrong(status.max_lag);
            for reason in &wrong {
                eprintln!("crm: {reason}");
            }
            return Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { NOT_WELL.into() });
        }
        before = now;
    }
}

async fn look(observer: &Observer) -> anyhow::Result<Look> {
    let (log, stream) = tokio::join!(observer.log(), observer.stream());
    Ok(Look { at: Instant::now(), log: log?, stream: stream.map_err(|error| format!("{error:#}")) })
}

/// Tells whether somebody still reads. A screen is drawn over the one before, without a flicker.
fn print(text: &str, over: bool) -> std::io::Result<bool> {
    const HOME: &str = "\x1b[H";
    const CLEAR_LINE: &str = "\x1b[K\n";
    const CLEAR_REST: &str = "\x1b[J";
    let mut out = std::io::stdout().lock();
    let written = if over {
        let lines = text.replace('\n', CLEAR_LINE);
        write!(out, "{HOME}{lines}{CLEAR_REST}").and_then(|()| out.flush())
    } else {
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    };
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true),
    }
}

impl Look {
    /// Events that the stream lacks; none if it cannot be told.
    fn relay_lag(&self) -> Option<i64> {
        let stream = self.stream.as_ref().ok()?;
        Some((self.log.head - stream.map_or(0, |stream| stream.position)).max(0))
    }

    /// What is not as it should be, each in a line.
    fn wrong(&self, max_lag: Option<i64>) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Err(error) = &self.stream {
            wrong.push(format!("NATS does not answer: {error}"));
        }
        if !self.log.relay_locked {
            wrong.push("no relay is active".to_owned());
        }
        for view in self.log.views.iter().filter(|view| view.parked > 0) {
            wrong.push(format!("{}: the rows of {} tenants stand still", view.name, view.parked));
        }
        if let Some(max) = max_lag {
            if let Some(lag) = self.relay_lag().filter(|lag| *lag > max) {
                wrong.push(format!("the relay lags by {lag} events"));
            }
            for view in &self.log.views {
                let lag = self.log.head - view.position;
                if lag > max {
                    wrong.push(format!("{} lags by {lag} events", view.name));
                }
            }
        }
        wrong
    }
}
