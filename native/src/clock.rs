//! Clocks.

use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Object;
use napi::{sys, Env};
use napi_derive::napi;

use crate::bound::{self, Call};
use crate::errors::{bad, whole};
use crate::region::{find, Region};
use crate::view::Words;

/// What a reading writes: ns since the origin as a double, then CLOCK_MONOTONIC [lo, hi].
const READING_BYTES: usize = 16;

/// State of a NativeClock (src/core/native.ts).
struct Clock {
    region: Arc<Region>,
    origin: u64,
}

/// Opens a clock that writes into the first bytes of a region; see NativeClock.
#[napi(ts_return_type = "object")]
pub fn open_clock(
    env: Env,
    region_id: f64,
    origin_lo: f64,
    origin_hi: f64,
) -> napi::Result<Object<'static>> {
    let low = whole("originLo", origin_lo, 0, u32::MAX as i64)? as u64;
    let high = whole("originHi", origin_hi, 0, u32::MAX as i64)? as u64;
    let region = find(region_id)?;
    if region.bytes < READING_BYTES {
        return Err(bad(format!("region of {} bytes < {READING_BYTES}", region.bytes)));
    }
    let state = Rc::new(RefCell::new(Clock { region, origin: high << 32 | low }));
    let mut object = Object::new(&env)?;
    object.set("update", bound::function(env.raw(), "update", update, &state)?)?;
    Ok(object)
}

unsafe extern "C" fn update(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: bound to a Clock by open_clock.
    unsafe {
        bound::run(env, info, |clock: &mut Clock, _: &Call<0>| {
            let now = read(libc::CLOCK_MONOTONIC);
            let base = clock.region.base();
            // SAFETY: the region holds READING_BYTES (open_clock) and begins at a page.
            ptr::write_volatile(base.cast::<f64>(), now.saturating_sub(clock.origin) as f64);
            ptr::write_volatile(base.add(8).cast::<u64>(), now);
            Ok(0)
        })
    }
}

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
