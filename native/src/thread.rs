//! The calling thread: cpu, scheduling class, name.

use std::ffi::CString;
use std::mem;

use napi_derive::napi;

use crate::errors::{bad, last_os_error, refused, whole};

/// The longest name of a thread, bytes.
const THREAD_NAME_MAX: usize = 15;

/// Pins the calling thread to one cpu and reads the mask back.
#[napi]
pub fn pin_thread(cpu: f64) -> napi::Result<()> {
    let cpu = whole("cpu", cpu, 0, libc::CPU_SETSIZE as i64 - 1)? as usize;
    // SAFETY: a zeroed set is an empty one, and cpu < CPU_SETSIZE.
    let mut wanted: libc::cpu_set_t = unsafe { mem::zeroed() };
    unsafe { libc::CPU_SET(cpu, &mut wanted) };
    let size = mem::size_of::<libc::cpu_set_t>();
    if unsafe { libc::sched_setaffinity(0, size, &wanted) } != 0 {
        let error = std::io::Error::last_os_error();
        let allowed = allowed_cpus()?;
        return Err(refused(format!("pin to cpu {cpu}: {error}; this thread may use {allowed:?}")));
    }
    let now = allowed_cpus()?;
    if now != [cpu as u32] {
        return Err(refused(format!("pin to cpu {cpu}: the kernel gave {now:?}")));
    }
    Ok(())
}

/// CPUs that the calling thread may run on.
#[napi]
pub fn allowed_cpus() -> napi::Result<Vec<u32>> {
    let size = mem::size_of::<libc::cpu_set_t>();
    // SAFETY: the kernel writes at most `size` bytes into the set.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    if unsafe { libc::sched_getaffinity(0, size, &mut set) } != 0 {
        return Err(last_os_error("sched_getaffinity"));
    }
    let all = 0..libc::CPU_SETSIZE as usize;
    Ok(all.filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) }).map(|cpu| cpu as u32).collect())
}

/// Lets another runnable thread have the cpu.
#[napi]
pub fn yield_thread() {
    // SAFETY: takes nothing, and never fails on Linux.
    unsafe { libc::sched_yield() };
}

/// SCHED_FIFO for the calling thread; threads that it starts are normal again.
#[napi]
pub fn set_fifo(priority: f64) -> napi::Result<()> {
    let priority = whole("priority", priority, 1, 99)? as i32;
    let param = libc::sched_param { sched_priority: priority };
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: reads one sched_param; 0 is the calling thread.
    if unsafe { libc::sched_setscheduler(0, policy, &param) } != 0 {
        return Err(last_os_error(&format!("SCHED_FIFO priority {priority}")));
    }
    let now = unsafe { libc::sched_getscheduler(0) };
    if now & !libc::SCHED_RESET_ON_FORK != libc::SCHED_FIFO {
        return Err(refused(format!(
            "SCHED_FIFO priority {priority}: the kernel gave policy {now}"
        )));
    }
    Ok(())
}

/// Puts the thread's name where ps and perf show it.
#[napi]
pub fn set_thread_name(name: String) -> napi::Result<()> {
    if name.len() > THREAD_NAME_MAX {
        return Err(bad(format!("thread name of {} bytes > {THREAD_NAME_MAX}", name.len())));
    }
    let text = CString::new(name).map_err(|_| bad("thread name holds a NUL byte".to_string()))?;
    // SAFETY: reads a NUL-terminated string of at most 16 bytes.
    if unsafe { libc::prctl(libc::PR_SET_NAME, text.as_ptr()) } != 0 {
        return Err(last_os_error("PR_SET_NAME"));
    }
    Ok(())
}
