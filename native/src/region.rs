//! Regions: anonymous memory, touched when taken, that any thread maps as its own ArrayBuffer.
//!
//! An id names a region until it is released. The memory itself lives as long as somebody uses it:
//! the table, each ArrayBuffer and each receiver hold one count.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use napi::{sys, Env};
use napi_derive::napi;

use crate::errors::{bad, last_os_error, refused, whole};
use crate::memory::MEMORY_LOCKED;

/// The largest region, bytes.
const REGION_BYTES_MAX: i64 = 1 << 36;

/// Bytes of all regions that stand.
static MAPPED_BYTES: AtomicU64 = AtomicU64::new(0);

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Table {
    last_id: u32,
    regions: HashMap<u32, Arc<Region>>,
}

/// One block of memory.
pub struct Region {
    at: *mut u8,
    pub bytes: usize,
}

// SAFETY: a region is plain memory; who may write which byte when is the pipeline's protocol.
unsafe impl Send for Region {}
unsafe impl Sync for Region {}

impl Region {
    fn take(bytes: usize) -> napi::Result<Region> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE;
        // SAFETY: a new anonymous mapping; nothing of ours is replaced.
        let at = unsafe { libc::mmap(ptr::null_mut(), bytes, access, kind, -1, 0) };
        if at == libc::MAP_FAILED {
            return Err(last_os_error(&format!("mmap of {bytes} bytes")));
        }
        MAPPED_BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
        let region = Region { at: at.cast(), bytes };
        let locked = MEMORY_LOCKED.load(Ordering::SeqCst);
        if locked && unsafe { libc::mlock(at, bytes) } != 0 {
            return Err(last_os_error(&format!("mlock of {bytes} bytes")));
        }
        Ok(region)
    }

    /// Its first byte.
    pub fn base(&self) -> *mut u8 {
        self.at
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: mapped by take; the last count is gone, so nobody looks at it any more.
        unsafe { libc::munmap(self.at.cast(), self.bytes) };
        MAPPED_BYTES.fetch_sub(self.bytes as u64, Ordering::Relaxed);
    }
}

fn table() -> MutexGuard<'static, Table> {
    // A panic while the lock was held leaves a table that is still whole.
    TABLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The region of this id. Throws when there is none.
pub fn find(id: f64) -> napi::Result<Arc<Region>> {
    let key = whole("regionId", id, 1, u32::MAX as i64)? as u32;
    let found = table().regions.get(&key).cloned();
    found.ok_or_else(|| bad(format!("regionId={key} names no region")))
}

/// Locks every region that has an id.
pub fn lock_all() -> napi::Result<()> {
    let regions: Vec<Arc<Region>> = table().regions.values().cloned().collect();
    for region in regions {
        let bytes = region.bytes;
        // SAFETY: mapped as long as `region` holds its count.
        if unsafe { libc::mlock(region.base().cast(), bytes) } != 0 {
            return Err(last_os_error(&format!("mlock of {bytes} bytes")));
        }
    }
    Ok(())
}

/// Takes page-touched memory; returns its id, from 1.
#[napi]
pub fn region_create(bytes: f64) -> napi::Result<u32> {
    let bytes = whole("bytes", bytes, 1, REGION_BYTES_MAX)? as usize;
    let region = Arc::new(Region::take(bytes)?);
    let mut table = table();
    table.last_id += 1;
    let id = table.last_id;
    table.regions.insert(id, region);
    Ok(id)
}

/// Maps it as an external ArrayBuffer of the calling thread.
#[napi(ts_return_type = "ArrayBuffer")]
pub fn region_map(env: Env, id: f64) -> napi::Result<sys::napi_value> {
    let region = find(id)?;
    let (at, bytes) = (region.base(), region.bytes);
    let hint = Arc::into_raw(region).cast_mut().cast::<c_void>();
    let mut buffer = ptr::null_mut();
    // SAFETY: the memory outlives the buffer, because `hint` holds a count until unmap is called.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env.raw(),
            at.cast(),
            bytes,
            Some(unmap),
            hint,
            &mut buffer,
        )
    };
    if status != sys::Status::napi_ok {
        // SAFETY: no buffer was made, so the count is still ours.
        unsafe { drop(Arc::from_raw(hint.cast::<Region>())) };
        return Err(refused(format!("external ArrayBuffer of {bytes} bytes: status {status}")));
    }
    Ok(buffer)
}

/// Forgets the id; the memory goes when its last map and receiver are gone.
#[napi]
pub fn region_release(id: f64) -> napi::Result<()> {
    find(id)?;
    let removed = table().regions.remove(&(id as u32));
    // Dropped after the lock: unmapping a large region takes its time.
    drop(removed);
    Ok(())
}

/// [regions with an id, bytes of all that still stand].
#[napi]
pub fn region_stats() -> Vec<f64> {
    let named = table().regions.len();
    vec![named as f64, MAPPED_BYTES.load(Ordering::Relaxed) as f64]
}

/// V8 is done with a map.
unsafe extern "C" fn unmap(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the count that region_map gave away, and V8 calls this once.
    unsafe { drop(Arc::from_raw(hint.cast::<Region>())) };
}
