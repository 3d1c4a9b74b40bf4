//! Locking the process's memory, all of it but what V8's own page allocator manages.
//!
//! mlockall cannot be used in Node 20, 22 or 24: V8 gives code and heap pages back with
//! madvise(MADV_DONTNEED), the kernel refuses that on locked pages (EINVAL), and V8 then ends the
//! process ("Check failed: 0 == ret"), at the latest when a worker or the process ends. MCL_FUTURE
//! would lock each new worker's code range too. So what is mapped now is locked mapping by mapping:
//! files, stacks, malloc's memory (all typed arrays lie there), regions. V8's heap and code stay
//! pageable. Regions taken later are locked as they are taken.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use napi_derive::napi;

use crate::errors::{errno, refused};
use crate::view::Words;

/// True once memory shall be locked; regions made from then on are locked by themselves.
pub static MEMORY_LOCKED: AtomicBool = AtomicBool::new(false);

/// V8's heap pages begin at multiples of this; large blocks of malloc's, and stacks, do not.
const V8_PAGE_BYTES: usize = 256 << 10;
/// An arena of glibc's malloc begins at a multiple of this and ends with the next one.
const ARENA_BYTES: usize = 64 << 20;

/// madvise takes whole pages.
const PAGE_BYTES: usize = 4 << 10;

/// One line of /proc/self/maps.
#[derive(Clone, PartialEq)]
struct Mapping {
    start: usize,
    end: usize,
    accessible: bool,
    executable: bool,
    /// Of no file and no name of the kernel's.
    anonymous: bool,
    /// The kernel's own pages ([vdso], [vvar], [vsyscall]).
    kernel: bool,
}

/// Locks what is mapped now, but for V8's heap and code. Raising RLIMIT_MEMLOCK is an attempt:
/// with CAP_IPC_LOCK the limit does not matter, so its refusal is no failure.
#[napi]
pub fn lock_memory() -> napi::Result<()> {
    let all = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: reads one rlimit.
    unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &all) };
    for mapping in lockable(&read_maps()?) {
        lock(&mapping)?;
    }
    crate::region::lock_all()?;
    MEMORY_LOCKED.store(true, Ordering::SeqCst);
    Ok(())
}

/// Asks for huge pages behind the whole pages of an array: pages that are touched from then on.
/// Returns 0, or -errno where the kernel has none to give.
#[napi]
pub fn advise_huge(#[napi(ts_arg_type = "Int32Array")] words: Words) -> i32 {
    let (from, bytes) = words.whole_pages(PAGE_BYTES);
    if bytes == 0 {
        return 0;
    }
    // SAFETY: the range lies inside the array; the advice changes no byte.
    match unsafe { libc::madvise(from.cast(), bytes, libc::MADV_HUGEPAGE) } {
        0 => 0,
        _ => -errno(),
    }
}

fn lock(mapping: &Mapping) -> napi::Result<()> {
    let bytes = mapping.end - mapping.start;
    // SAFETY: locking changes no byte, and fails where nothing is mapped.
    if unsafe { libc::mlock(mapping.start as *const libc::c_void, bytes) } == 0 {
        return Ok(());
    }
    let error = errno();
    // Another thread may have unmapped it since the list was read; the same errno means a limit.
    if !read_maps()?.contains(mapping) {
        return Ok(());
    }
    let why = std::io::Error::from_raw_os_error(error);
    Err(refused(format!("mlock of {bytes} bytes: {why}; RLIMIT_MEMLOCK is {}", limit())))
}

fn limit() -> u64 {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: writes one rlimit.
    unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut now) };
    now.rlim_cur
}

fn read_maps() -> napi::Result<Vec<Mapping>> {
    let bytes = fs::read("/proc/self/maps")
        .map_err(|error| refused(format!("/proc/self/maps: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).lines().filter_map(parse).collect())
}

/// Parses `start-end perms offset device inode [name]`.
fn parse(line: &str) -> Option<Mapping> {
    let mut columns = line.split_ascii_whitespace();
    let (start, end) = columns.next()?.split_once('-')?;
    let access = columns.next()?;
    let name = columns.nth(3).unwrap_or("");
    Some(Mapping {
        start: usize::from_str_radix(start, 16).ok()?,
        end: usize::from_str_radix(end, 16).ok()?,
        accessible: access.contains(['r', 'w', 'x']),
        executable: access.contains('x'),
        anonymous: name.is_empty() || name.starts_with("[anon"),
        kernel: name.starts_with("[v"),
    })
}

/// What may be locked. A code range is a run of anonymous mappings side by side of which one is
/// executable; others of the run are its free pages, or pages being written to.
fn lockable(maps: &[Mapping]) -> Vec<Mapping> {
    let mut out = Vec::new();
    let mut from = 0;
    while from < maps.len() {
        let mut to = from + 1;
        while to < maps.len()
            && maps[from].anonymous
            && maps[to].anonymous
            && maps[to].start == maps[to - 1].end
        {
            to += 1;
        }
        let run = &maps[from..to];
        if !run.iter().any(|mapping| mapping.anonymous && mapping.executable) {
            let wanted = run.iter().enumerate().filter(|(i, m)| {
                m.accessible && !m.kernel && (!may_be_v8s(m) || is_arena(m, run.get(i + 1)))
            });
            out.extend(wanted.map(|(_, mapping)| mapping.clone()));
        }
        from = to;
    }
    out
}

fn may_be_v8s(mapping: &Mapping) -> bool {
    mapping.anonymous && mapping.start.is_multiple_of(V8_PAGE_BYTES)
}

/// The used part of an arena, with its reserve behind it.
fn is_arena(mapping: &Mapping, next: Option<&Mapping>) -> bool {
    let Some(reserve) = next else { return false };
    let end = mapping.start + ARENA_BYTES;
    mapping.start.is_multiple_of(ARENA_BYTES) && !reserve.accessible && reserve.end == end
}

#[cfg(test)]
mod tests {
    use super::{lockable, parse};

    fn starts(text: &str) -> Vec<usize> {
        let maps: Vec<_> = text.lines().filter_map(parse).collect();
        lockable(&maps).iter().map(|mapping| mapping.start).collect()
    }

    #[test]
    fn code_ranges_are_left_out_with_all_their_parts() {
        let maps = "1000-2000 rw-p 00000000 00:00 0\n\
                    3000-4000 rwxp 00000000 00:00 0\n\
                    4000-5000 rw-p 00000000 00:00 0\n\
                    5000-9000 ---p 00000000 00:00 0\n\
                    a000-b000 rw-p 00000000 00:00 0 [anon:v8]";
        assert_eq!(starts(maps), [0x1000, 0xa000]);
    }

    #[test]
    fn heap_pages_are_left_out_and_arenas_and_large_blocks_are_locked() {
        let maps = "2cca56ec0000-2cca56f00000 rw-p 00000000 00:00 0\n\
                    2cca57001000-2cca57f00000 rw-p 00000000 00:00 0\n\
                    7f1f80000000-7f1f80021000 rw-p 00000000 00:00 0\n\
                    7f1f80021000-7f1f84000000 ---p 00000000 00:00 0\n\
                    7f1f88000000-7f1f88021000 rw-p 00000000 00:00 0\n\
                    7f1f88021000-7f1f88100000 ---p 00000000 00:00 0";
        assert_eq!(starts(maps), [0x2cca57001000, 0x7f1f80000000]);
    }

    #[test]
    fn files_stack_and_heap_are_locked_and_kernel_pages_are_not() {
        let maps = "1000-2000 r-xp 00000000 08:01 77 /usr/bin/node\n\
                    2000-3000 rw-p 00000000 00:00 0\n\
                    3000-4000 rw-p 00000000 00:00 0 [heap]\n\
                    5000-6000 rw-p 00000000 00:00 0 [stack]\n\
                    6000-7000 r-xp 00000000 00:00 0 [vdso]\n\
                    7000-8000 ---p 00000000 08:01 77 /usr/bin/node";
        assert_eq!(starts(maps), [0x1000, 0x2000, 0x3000, 0x5000]);
    }
}
