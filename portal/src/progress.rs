//! Progress bars: on a terminal drawn, in a pipe silent.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar with count, rate and time left.
pub fn bar(what: &str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = "{msg:24} [{bar:30}] {human_pos}/{human_len} {rate:>10} ETA {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, out: &mut dyn Write| {
            // A rate that cannot be shown is left out.
            let _shown = write!(out, "{:.0}/s", state.per_sec());
        };
        bar.set_style(style.progress_chars("=> ").with_key("rate", rate));
    }
    bar.set_message(what.to_owned());
    bar
}

/// A position as a bar counts.
pub fn count(position: i64) -> u64 {
    u64::try_from(position).unwrap_or_default()
}
