//! The wall clock of a running program that does not ask the C library for the time, as programs in Go do not.
//!
//! It asks a page of code that the kernel puts into each process (vdso(7)). There, in this one process, the function that
//! tells the time is overwritten by one that adds seconds to the wall clock and leaves all other clocks as they are.

use std::fs::{File, OpenOptions, read_dir, read_to_string};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::Signal;

use crate::service::send;

const FUNCTION: &[u8] = b"__vdso_clock_gettime\0";
/// Asks the kernel (`mov eax, 228; syscall`), and unless another clock than the wall clock was asked for
/// (`test edi, edi; jne`), …
const ASK: [u8; 13] = [0xb8, 228, 0, 0, 0, 0x0f, 0x05, 0x85, 0xff, 0x75, 0x0d, 0x48, 0xb9];
/// … adds the number that stands between these (`mov rcx, …; add [rsi], rcx; ret`).
const ADD: [u8; 4] = [0x48, 0x01, 0x0e, 0xc3];
/// Bytes of all of it.
const LENGTH: usize = ASK.len() + 8 + ADD.len();
/// How often it is tried to find no thread within these bytes.
const ATTEMPTS: usize = 100;
const MOMENT: Duration = Duration::from_millis(5);

/// Sets the wall clock of a process to so many seconds after the true time.
///
/// # Errors
/// This machine is of another kind, or the process may not be changed.
pub fn set(pid: i32, seconds: i64) -> anyhow::Result<()> {
    ensure!(cfg!(all(target_os = "linux", target_arch = "x86_64")), "needs Linux on x86-64");
    let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"));
    let memory = memory.context("the memory of another process may not be changed here")?;
    let place = function(pid, &memory)?;
    let code = [&ASK[..], &seconds.to_le_bytes(), &ADD].concat();
    let mut last = None;
    for _ in 0..ATTEMPTS {
        send(pid, Signal::STOP);
        let clear = is_clear(pid, &place);
        let done = matches!(clear, Ok(true)).then(|| memory.write_all_at(&code, place.start));
        send(pid, Signal::CONT);
        if let Some(done) = done {
            return Ok(done?);
        }
        last = clear.err();
        std::thread::sleep(MOMENT);
    }
    Err(last.unwrap_or_else(|| anyhow::anyhow!("process {pid} does not stand still")))
}

/// Where the bytes lie that are overwritten.
fn function(pid: i32, memory: &File) -> anyhow::Result<Range<u64>> {
    let maps = read_to_string(format!("/proc/{pid}/maps"))?;
    let line = maps.lines().find(|line| line.ends_with("[vdso]")).context("there is no vdso")?;
    let (start, end) = line.split(' ').next().and_then(|range| range.split_once('-')).context("no range")?;
    let (start, end) = (u64::from_str_radix(start, 16)?, u64::from_str_radix(end, 16)?);
    let mut image = vec![0; usize::try_from(end - start)?];
    memory.read_exact_at(&mut image, start)?;
    let offset = symbol(&image).context("the vdso tells no time")?;
    Ok(start + offset..start + offset + LENGTH as u64)
}

/// The offset of the function in the image, which is an ELF file with its dynamic symbols in a section.
fn symbol(image: &[u8]) -> Option<u64> {
    let number = |at: usize, bytes: usize| {
        let mut number = [0; 8];
        number[..bytes].copy_from_slice(image.get(at..at + bytes)?);
        usize::try_from(u64::from_le_bytes(number)).ok()
    };
    let (sections, size, count) = (number(40, 8)?, number(58, 2)?, number(60, 2)?);
    let section = |index: usize| sections + index * size;
    let symbols = (0..count).map(section).find(|at| number(at + 4, 4) == Some(11))?;
    let (first, bytes, names) =
        (number(symbols + 24, 8)?, number(symbols + 32, 8)?, number(symbols + 40, 4)?);
    let names = number(section(names) + 24, 8)?;
    let found = (first..first + bytes).step_by(24).find(|at| {
        let name = number(*at, 4).and_then(|name| image.get(names + name..));
        name.is_some_and(|name| name.starts_with(FUNCTION))
    })?;
    let long_enough = number(found + 16, 8)? >= LENGTH;
    long_enough.then(|| number(found + 8, 8)).flatten().and_then(|offset| u64::try_from(offset).ok())
}

/// Whether all threads stand still, and none of them in the midst of these bytes.
fn is_clear(pid: i32, place: &Range<u64>) -> anyhow::Result<bool> {
    std::thread::sleep(MOMENT);
    for task in read_dir(format!("/proc/{pid}/task"))? {
        let task = task?.path();
        let stands =
            read_to_string(task.join("stat"))?.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'));
        // The last number is where the thread goes on.
        let last = read_to_string(task.join("syscall"))?;
        let at = last.trim().rsplit(" 0x").next().and_then(|at| u64::from_str_radix(at, 16).ok());
        if !stands || at.is_none_or(|at| at > place.start && at < place.end) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_the_function_has_none() {
        assert_eq!(symbol(&[]), None);
        assert_eq!(symbol(&[0; 4096]), None);
    }
}
