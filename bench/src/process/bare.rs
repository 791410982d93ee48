//! Bare servers: axum with one handler that does the least that could do the same. Each is a process of its own.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use command_api::sales::lead::LeadIn;
use edge::{Identity, Json, TokenKeys, TokenSettings};
use event_store::{Duty, connect};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, Command};

use crate::references::statement::{Transaction, answer};

/// What the one handler does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Handler {
    /// Checks the token, reads the body as the JSON of a lead, as strictly as the API does, and says yes.
    Parse { public_pem: String },
    /// Sends these bytes.
    Bytes { body: String },
    /// Runs the statements of a transaction, and sends the documents that they give.
    Statements { database_url: String, connections: u32, transaction: Transaction },
}

/// A running bare server, which ends with this.
pub struct Bare {
    _child: Child,
    _alive: ChildStdin,
    /// `host:port` where it listens.
    pub address: String,
}

impl Bare {
    /// Starts one.
    pub async fn start(handler: &Handler) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = child.stdin.take().context("no pipe to the bare server")?;
        stdin.write_all((serde_json::to_string(handler)? + "\n").as_bytes()).await?;
        let stdout = child.stdout.take().context("no pipe from the bare server")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let address = line.context("the bare server ended")?;
        Ok(Self { _child: child, _alive: stdin, address })
    }
}

/// The process itself. It ends when its input does.
pub async fn main() -> anyhow::Result<()> {
    let mut input = BufReader::new(tokio::io::stdin());
    let mut line = String::new();
    input.read_line(&mut line).await?;
    let router = router(serde_json::from_str(&line)?)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut rest = Vec::new();
    tokio::select! {
        served = axum::serve(listener, router).into_future() => served?,
        ended = input.read_to_end(&mut rest) => drop(ended?),
    }
    Ok(())
}

fn router(handler: Handler) -> anyhow::Result<Router> {
    Ok(match handler {
        Handler::Parse { public_pem } => {
            let keys = Arc::new(TokenKeys::from_pem(&public_pem, &TokenSettings::default())?);
            Router::new().route("/{*path}", post(parse)).with_state(keys)
        }
        Handler::Bytes { body } => {
            let body = Bytes::from(body);
            Router::new().route("/{*path}", get(async || ([(CONTENT_TYPE, "application/json")], body)))
        }
        Handler::Statements { database_url, connections, transaction } => {
            let pool = connect(&database_url, Duty::Reader, connections)?;
            let state = Arc::new((pool, transaction));
            Router::new().route("/{*path}", get(read)).with_state(state)
        }
    })
}

async fn parse(_: Identity, Json(_): Json<LeadIn>) -> &'static str {
    "yes"
}

async fn read(State(state): State<Arc<(PgPool, Transaction)>>) -> Response {
    match answer(&state.0, &state.1).await {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
