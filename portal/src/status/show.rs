//! A look as text: a screen for people, lines for programs.

use std::fmt::Write as _;

use chrono::{SecondsFormat, Utc};

use super::Look;
use crate::standing::{Rebuild, View};

/// A table for a terminal.
pub fn screen(now: &Look, before: &Look, stream_name: &str) -> String {
    let mut text = format!("crm status   {}\n\n", Utc::now().format("%Y-%m-%d %H:%M:%S UTC"));
    let log = &now.log;
    let last = log.recorded_at.map_or_else(String::new, |at| {
        let ago = (Utc::now() - at).num_milliseconds().max(0);
        format!("   last event {} ago", seconds(thousandths(ago)))
    });
    line(&mut text, "log", &format!("head {}   {}/s{last}", grouped(log.head), rate(now, before, head)));
    let active = if log.relay_locked { "active" } else { "NOT ACTIVE" };
    let relay = match (&now.stream, now.relay_lag()) {
        (Ok(Some(stream)), Some(lag)) => format!(
            "{active}   {stream_name} at {}   lag {}   {} messages, {}",
            grouped(stream.position),
            grouped(lag),
            grouped(i64::try_from(stream.messages).unwrap_or(i64::MAX)),
            size(i64::try_from(stream.bytes).unwrap_or(i64::MAX)),
        ),
        (Ok(_), _) => format!("{active}   there is no stream {stream_name} yet"),
        (Err(error), _) => format!("{active}   NATS DOES NOT ANSWER: {error}"),
    };
    line(&mut text, "relay", &relay);
    let (used, most) = log.connections;
    line(&mut text, "database", &format!("{}   {used} of {most} connections", size(log.bytes)));
    let width =
        log.views.iter().map(|view| view.name.len()).max().unwrap_or_default().max("READ MODEL".len());
    let _ = writeln!(
        text,
        "\n{:width$}  {:>14}  {:>12}  {:>9}  {:>9}  {:>6}",
        "READ MODEL", "POSITION", "LAG", "RATE/S", "BEHIND", "PARKED"
    );
    for view in &log.views {
        let _ = writeln!(
            text,
            "{:width$}  {:>14}  {:>12}  {:>9}  {:>9}  {:>6}",
            view.name,
            grouped(view.position),
            grouped(lag(now, view)),
            rate(now, before, |look| position(look, &view.name)),
            seconds(view.behind_seconds.max(0.0)),
            if view.parked == 0 { "-".to_owned() } else { view.parked.to_string() },
        );
    }
    for Rebuild { view, position, target } in &log.rebuilds {
        let _ = writeln!(text, "\nrebuild of {view}: {} of {}", grouped(*position), grouped(*target));
    }
    text
}

/// Lines of `key=value`, each of which stands for itself.
pub fn lines(now: &Look, before: &Look) -> String {
    let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let log = &now.log;
    let mut text = format!("{at} log head={} rate={}\n", log.head, rate(now, before, head));
    let active = if log.relay_locked { "yes" } else { "no" };
    let _ = match (&now.stream, now.relay_lag()) {
        (Ok(Some(stream)), Some(lag)) => writeln!(
            text,
            "{at} relay active={active} nats=up position={} lag={lag} messages={} bytes={}",
            stream.position, stream.messages, stream.bytes
        ),
        (Ok(_), _) => writeln!(text, "{at} relay active={active} nats=up stream=none"),
        (Err(_), _) => writeln!(text, "{at} relay active={active} nats=down"),
    };
    let (used, most) = log.connections;
    let _ = writeln!(text, "{at} database bytes={} connections={used} max_connections={most}", log.bytes);
    for view in &log.views {
        let View { name, position: at_position, behind_seconds, parked } = view;
        let (lag, rate) = (lag(now, view), rate(now, before, |look| position(look, name)));
        let behind = behind_seconds.max(0.0);
        let _ = writeln!(
            text,
            "{at} view={name} position={at_position} lag={lag} rate={rate} behind_seconds={behind:.3} parked={parked}"
        );
    }
    for Rebuild { view, position, target } in &log.rebuilds {
        let _ = writeln!(text, "{at} rebuild view={view} position={position} target={target}");
    }
    text
}

fn line(text: &mut String, name: &str, rest: &str) {
    let _ = writeln!(text, "{name:10} {rest}");
}

fn head(look: &Look) -> i64 {
    look.log.head
}

fn position(look: &Look, view: &str) -> i64 {
    look.log.views.iter().find(|known| known.name == view).map_or(0, |known| known.position)
}

/// The head was read after the read models; one that a rebuild is moving may still be beyond it for a moment.
fn lag(look: &Look, view: &View) -> i64 {
    (look.log.head - view.position).max(0)
}

/// Events per second between two looks.
fn rate(now: &Look, before: &Look, of: impl Fn(&Look) -> i64) -> i64 {
    let milliseconds = i64::try_from((now.at - before.at).as_millis()).unwrap_or(i64::MAX).max(1);
    (of(now) - of(before)).saturating_mul(1_000) / milliseconds
}

fn thousandths(milliseconds: i64) -> f64 {
    f64::from(i32::try_from(milliseconds).unwrap_or(i32::MAX)) / 1_000.0
}

fn seconds(seconds: f64) -> String {
    if seconds < 60.0 { format!("{seconds:.1} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// Bytes in the largest unit of which there is at least one.
fn size(bytes: i64) -> String {
    let mut units = ["KiB", "MiB", "GiB", "TiB"].into_iter().peekable();
    let (mut whole, mut unit) = (bytes, "B");
    while whole >= 1_024
        && let Some(next) = units.next()
    {
        whole /= 1_024;
        unit = next;
    }
    format!("{whole} {unit}")
}

/// 1234567 as 1,234,567.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, seconds, size};

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!([grouped(0), grouped(999), grouped(-1_234_567)], ["0", "999", "-1,234,567"]);
        assert_eq!([size(1_023), size(1_024), size(5 << 40)], ["1023 B", "1 KiB", "5 TiB"]);
        assert_eq!([seconds(0.04), seconds(59.9), seconds(180.0)], ["0.0 s", "59.9 s", "3 min"]);
    }
}
