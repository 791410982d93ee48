//! What goes wrong, one thing after the other.

use std::time::Duration;

use crate::client::Journal;
use crate::memory::bus::Stream;
use crate::memory::state::State;
use crate::process::{Process, Site};

/// The faults of a run, and what they need to remember.
pub struct Faults {
    site: Site,
    processes: Vec<Process>,
    journal: Journal,
    backup: Option<State>,
    old_stream: Option<Stream>,
    /// Whether the database is ever put back in this run.
    restores: bool,
}

impl Faults {
    pub fn new(site: Site, processes: Vec<Process>, journal: Journal) -> Self {
        let restores = site.database.weather.chance.happens(500);
        Self { site, processes, journal, backup: None, old_stream: None, restores }
    }

    /// Waits a little and lets something go wrong. May be dropped while it waits.
    pub async fn next(&mut self) {
        let weather = self.site.database.weather.clone();
        tokio::time::sleep(Duration::from_millis(20 + weather.chance.below(500))).await;
        let number = usize::try_from(weather.chance.below(self.processes.len() as u64)).unwrap();
        let step = |what: &str| weather.trace.step(what);
        match weather.chance.below(100) {
            0..25 => {
                step(&format!("crash {:?} {number}", self.processes[number].duty));
                self.processes[number].crash();
            }
            25..50 => {
                step(&format!("restart {:?} {number}", self.processes[number].duty));
                self.processes[number].restart();
            }
            50..60 => {
                step(&format!("stop {:?} {number}", self.processes[number].duty));
                self.processes[number].stop();
            }
            60..75 => self.processes.iter().for_each(Process::go_on),
            75..80 => {
                step("the stream is lost");
                self.site.bus.tamper(|stream| *stream = None);
            }
            80..84 => self.old_stream = self.site.bus.stream.lock().unwrap().clone(),
            84..88 => self.put_old_stream_back(),
            88..91 => {
                step("the end of the stream is lost");
                let keep = weather.chance.below(60);
                self.site.bus.tamper(|stream| truncate(stream, i64::try_from(keep).unwrap()));
            }
            91..94 => self.site.bus.tamper(|stream| {
                let Some(stream) = stream else { return };
                stream.messages.retain(|_, _| !weather.chance.happens(150));
            }),
            94..96 => self.backup = Some(self.site.database.backup()),
            _ if self.restores => self.restore(),
            _ => {}
        }
    }

    fn put_old_stream_back(&self) {
        let Some(old) = self.old_stream.clone() else { return };
        self.site.database.weather.trace.step("an old stream is put back");
        let born = self.site.bus.next_birth();
        self.site.bus.tamper(|stream| *stream = Some(Stream { born, ..old }));
    }

    /// The database goes back to its backup, and with it what was acknowledged since. A command process that holds
    /// aggregates in memory has to be started anew after that.
    fn restore(&mut self) {
        let Some(backup) = self.backup.clone() else { return };
        let head = backup.head;
        self.journal.lock().unwrap().retain(|_, position| *position <= head);
        self.site.database.restore(backup);
    }

    /// Nothing goes wrong any more: all processes run.
    pub fn end(&mut self) {
        for process in &mut self.processes {
            process.go_on();
            if self.site.database.weather.chance.happens(500) || !process.is_running() {
                process.restart();
            }
        }
    }
}

fn truncate(stream: &mut Option<Stream>, keep: i64) {
    let Some(stream) = stream else { return };
    stream.messages.retain(|sequence, _| *sequence <= keep);
    stream.last = stream.last.min(keep.max(stream.first - 1));
}
