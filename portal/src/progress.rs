//! Progress bars: on a terminal drawn, in a pipe silent.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar with count, rate and time left.
pub fn bar(what: &str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = "{msg:24} [{bar:30}] {human_pos}/{human_len} {per_sec:>14} ETA {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what.to_owned());
    bar
}

/// A position as a bar counts.
pub fn count(position: i64) -> u64 {
    u64::try_from(position).unwrap_or_default()
}
