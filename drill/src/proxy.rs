//! A TCP proxy between two parts of the system that can do to their connections what networks do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a part may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// What the proxy does to connections now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes everything on.
    Pass,
    /// Resets every connection, new ones too.
    Cut,
    /// Passes each chunk on that much later.
    Delay(Duration),
    /// The far side is closed and the near side is not told: what it sends vanishes, for ever. New connections too.
    HalfOpen,
    /// Passes one byte a second each way.
    Trickle,
    /// Resets each connection after that many more bytes one way, wherever in a message that is.
    Reset(usize),
}

/// A listening proxy. Dropping it closes all its connections.
pub struct Proxy {
    /// Where the near side connects.
    pub address: SocketAddr,
    mode: watch::Sender<Mode>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1, and connects to wherever `far` says at that time.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(far: watch::Receiver<Option<SocketAddr>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (mode, modes) = watch::channel(Mode::Pass);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, far, modes));
        Ok(Self { address, mode, _tasks: tasks })
    }

    /// Changes what happens, to open connections as well.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn accept(
    listener: TcpListener,
    far: watch::Receiver<Option<SocketAddr>>,
    mode: watch::Receiver<Mode>,
) {
    let mut connections = JoinSet::new();
    loop {
        // The backlog may hold a connection that is gone already; the next one can be fine.
        let Ok((near, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let far = *far.borrow();
        connections.spawn(connection(near, far, mode.clone()));
    }
}

/// One connection from its begin to its end.
async fn connection(near: TcpStream, far: Option<SocketAddr>, mut mode: watch::Receiver<Mode>) {
    let now = *mode.borrow_and_update();
    match now {
        Mode::Cut => return reset(&near),
        Mode::HalfOpen => return swallow(near).await,
        Mode::Pass | Mode::Delay(_) | Mode::Trickle | Mode::Reset(_) => {}
    }
    let connected = match far {
        Some(far) => tokio::time::timeout(CONNECT, TcpStream::connect(far)).await.ok().and_then(Result::ok),
        None => None,
    };
    let Some(far) = connected else { return reset(&near) };
    // Small messages go at once, as they would without us.
    let (_near, _far) = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let end = {
        let (mut up, mut down) = (Pump::new(&mode), Pump::new(&mode));
        let (mut near_in, mut far_in) = (near_in, far_in);
        let (mut near_out, mut far_out) = (near_out, far_out);
        let end = tokio::select! {
            end = up.run(&mut near_in, &mut far_out) => end,
            end = down.run(&mut far_in, &mut near_out) => end,
            end = broken(&mut mode) => end,
        };
        (end, near_in, near_out, far_in, far_out)
    };
    let (end, near_in, near_out, far_in, far_out) = end;
    match end {
        End::Closed => {}
        End::Reset => {
            reset(near_in.as_ref());
            reset(far_in.as_ref());
            // Otherwise the halves would say goodbye before the reset.
            near_out.forget();
            far_out.forget();
        }
        End::HalfOpen => {
            drop((far_in, far_out));
            if let Ok(near) = near_in.reunite(near_out) {
                swallow(near).await;
            }
        }
    }
}

/// How a connection ends.
enum End {
    Closed,
    Reset,
    HalfOpen,
}

/// Ready when the mode ends open connections.
async fn broken(mode: &mut watch::Receiver<Mode>) -> End {
    loop {
        if mode.changed().await.is_err() {
            return End::Closed;
        }
        match *mode.borrow_and_update() {
            Mode::Cut => return End::Reset,
            Mode::HalfOpen => return End::HalfOpen,
            Mode::Pass | Mode::Delay(_) | Mode::Trickle | Mode::Reset(_) => {}
        }
    }
}

/// One direction of a connection.
struct Pump {
    mode: watch::Receiver<Mode>,
    /// Bytes since the mode became [`Mode::Reset`].
    passed: usize,
}

impl Pump {
    fn new(mode: &watch::Receiver<Mode>) -> Self {
        Self { mode: mode.clone(), passed: 0 }
    }

    async fn run(&mut self, from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> End {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match from.read(&mut buffer).await {
                Ok(0) | Err(_) => return End::Closed,
                Ok(length) => {
                    if let Some(end) = self.pass(&buffer[..length], to).await {
                        return end;
                    }
                }
            }
        }
    }

    /// Passes a chunk on as the mode wants it; tells the end if that is what it wants.
    async fn pass(&mut self, chunk: &[u8], to: &mut OwnedWriteHalf) -> Option<End> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let mode = *self.mode.borrow_and_update();
            let (taken, end) = match mode {
                Mode::Pass | Mode::Cut | Mode::HalfOpen => (rest.len(), None),
                Mode::Delay(by) => {
                    self.wait(by).await;
                    (rest.len(), None)
                }
                Mode::Trickle => (usize::from(self.wait(Duration::from_secs(1)).await), None),
                Mode::Reset(after) if self.passed + rest.len() > after => {
                    (after - self.passed, Some(End::Reset))
                }
                Mode::Reset(_) => (rest.len(), None),
            };
            self.passed = if matches!(mode, Mode::Reset(_)) { self.passed + taken } else { 0 };
            if to.write_all(&rest[..taken]).await.is_err() {
                return Some(End::Closed);
            }
            rest = &rest[taken..];
            if end.is_some() {
                return end;
            }
        }
        None
    }

    /// Waits; `false` if the mode changed before that.
    async fn wait(&mut self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            _ = self.mode.changed() => false,
        }
    }
}

/// Makes the end of a connection a reset.
fn reset(stream: &TcpStream) {
    // It fails only if there is nothing left to reset.
    let _gone = stream.set_zero_linger();
}

/// Reads for ever and answers nothing.
async fn swallow(mut near: TcpStream) {
    let mut buffer = vec![0; 16 * 1024];
    while matches!(near.read(&mut buffer).await, Ok(1..)) {}
}
