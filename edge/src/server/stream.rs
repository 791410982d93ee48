//! The bytes of a connection, with an eye on clients that send without end or take nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::connection::Progress;
use super::wire::Wire;

/// A connection that fails when its header has no end, or its client takes nothing for too long.
pub(super) struct Stream {
    stream: Wire,
    stall: Duration,
    /// Until when the client must have taken something, if it is waited for.
    stalled: Option<Pin<Box<Sleep>>>,
    progress: Arc<Progress>,
    /// Whether the header was longer than any may be.
    beyond: bool,
}

impl Stream {
    pub(super) fn new(stream: Wire, stall: Duration, progress: &Arc<Progress>) -> Self {
        let progress = Arc::clone(progress);
        Self { stream, stall, stalled: None, progress, beyond: false }
    }

    pub(super) fn is_beyond(&self) -> bool {
        self.beyond
    }

    pub(super) fn into_inner(self) -> Wire {
        self.stream
    }

    /// What came of an attempt to write, or to have written what TLS holds back, unless the client is waited for in vain.
    fn written<T>(&mut self, context: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            if self.stalled.take().is_some() {
                self.progress.block(false);
            }
            return done;
        }
        self.progress.block(true);
        let stall = self.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(stall)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing of its answer")))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let allowed = self.progress.may_read();
        if allowed == 0 {
            self.beyond = true;
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "a header without end")));
        }
        let read = if buffer.remaining() <= allowed {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            buffer.filled().len() - before
        } else {
            let mut part = ReadBuf::new(buffer.initialize_unfilled_to(allowed));
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
            let read = part.filled().len();
            buffer.advance(read);
            read
        };
        self.progress.has_read(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(context);
        self.written(context, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
