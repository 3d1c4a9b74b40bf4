//! Clocks.

use napi_derive::napi;

use crate::view::Words;

/// Writes CLOCK_MONOTONIC [lo, hi] and CLOCK_REALTIME [lo, hi], ns, into four words.
#[napi]
pub fn read_clocks(#[napi(ts_arg_type = "Int32Array")] out: Words) -> napi::Result<()> {
    out.check("out", 4)?;
    put(&out, 0, read(libc::CLOCK_MONOTONIC));
    put(&out, 2, read(libc::CLOCK_REALTIME));
    Ok(())
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one timespec.
    unsafe { libc::clock_gettime(clock, &mut now) };
    nanoseconds(&now)
}

/// A timespec as nanoseconds; 64 bits last until the year 2554.
pub fn nanoseconds(time: &libc::timespec) -> u64 {
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// Puts a 64-bit value as words [lo, hi] at `i`.
pub fn put(out: &Words, i: usize, value: u64) {
    out.set(i, value as u32 as i32);
    out.set(i + 1, (value >> 32) as u32 as i32);
}
