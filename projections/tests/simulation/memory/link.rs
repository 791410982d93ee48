//! What lies between a process and a server: requests and answers take time and get lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use crate::chance::Chance;
use crate::trace::Trace;

/// The chances, the trace, and whether faults still happen.
pub struct Weather {
    pub chance: Chance,
    pub trace: Trace,
    calm: AtomicBool,
    violation: Mutex<Option<String>>,
}

impl Weather {
    pub fn new(seed: u64, told: bool) -> Self {
        Self {
            chance: Chance::seeded(seed),
            trace: Trace::begin(told),
            calm: AtomicBool::new(false),
            violation: Mutex::default(),
        }
    }

    /// From now on nothing gets lost any more.
    pub fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// Remembers the first promise that was broken.
    pub fn hold(&self, promise: Result<(), String>) {
        if let Err(broken) = promise {
            self.trace.step(format_args!("BROKEN: {broken}"));
            self.violation.lock().unwrap().get_or_insert(broken);
        }
    }

    /// The first promise that was broken.
    pub fn violation(&self) -> Option<String> {
        self.violation.lock().unwrap().clone()
    }

    /// Whether a fault of this likelihood happens now.
    pub fn fault(&self, per_mille: u64) -> bool {
        self.chance.happens(per_mille) && !self.calm.load(Ordering::Relaxed)
    }

    /// Some time passes, or none.
    pub async fn pass(&self) {
        let calm = self.calm.load(Ordering::Relaxed);
        let delay = if calm { self.chance.short_delay() } else { self.chance.delay() };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }
}

/// The answer did not come.
pub struct Lost;

/// Sends a request. The server carries it out even if the caller is gone by then.
pub async fn call<T: Send + 'static>(
    weather: &Arc<Weather>,
    request: impl Future<Output = T> + Send + 'static,
) -> Result<T, Lost> {
    let (answer, answered) = oneshot::channel();
    let weather = weather.clone();
    tokio::spawn(async move {
        weather.pass().await;
        if weather.fault(5) {
            return;
        }
        let result = request.await;
        weather.pass().await;
        if !weather.fault(5) {
            // A caller that is gone needs no answer.
            let _gone = answer.send(result);
        }
    });
    answered.await.map_err(|_| Lost)
}
