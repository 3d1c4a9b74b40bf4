//! A multicast receiver: recvmmsg straight into frames of a region.
//!
//! The socket is bound to its group (not to the wildcard) and IP_MULTICAST_ALL is off, so another
//! feed's group on the same port is never heard. What was asked for and not given is an error.

use std::cell::RefCell;
use std::mem;
use std::net::Ipv4Addr;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Object;
use napi::{sys, Env};
use napi_derive::napi;

use crate::bound::{self, Call};
use crate::clock::put;
use crate::errors::{bad, errno, last_os_error, refused, whole};
use crate::region::{find, Region};
use crate::socket::{address, group_address, in_addr, sockaddr, Socket};
use crate::stamps;
use crate::view::Words;

const BATCH_MAX: i64 = 256;
const FRAME_BYTES_MAX: i64 = 65_536;
const FRAME_COUNT_MAX: i64 = 1 << 20;

/// Room for SCM_TIMESTAMPING (64 bytes) and SO_RXQ_OVFL (24 bytes), and some.
const CONTROL_WORDS: usize = 16;
const CONTROL_BYTES: usize = CONTROL_WORDS * 8;

/// Words that poll writes for each packet.
const OUT_WORDS: usize = 6;
const FLAG_TRUNCATED: i32 = 1;

/// After so many empty polls the kernel is asked for its drop count: SO_RXQ_OVFL comes with the
/// next packet only, and the next packet may never come.
const EMPTY_POLLS_UNTIL_ASKED: u32 = 64;
/// SO_MEMINFO's words, and the one that counts drops (linux/sock_diag.h).
const MEMINFO_WORDS: usize = 9;
const MEMINFO_DROPS: usize = 8;
const SO_MEMINFO: libc::c_int = 55;

/// See ReceiverOptions in src/core/native.ts.
#[napi(object)]
pub struct ReceiverOptions {
    pub group: String,
    pub port: f64,
    pub iface: String,
    pub region_id: f64,
    pub frame_bytes: f64,
    pub frame_count: f64,
    pub batch: f64,
    pub rcvbuf_bytes: f64,
    pub timestamps: f64,
    pub busy_poll_us: f64,
}

/// State of a NativeReceiver (src/core/native.ts).
struct Receiver {
    socket: Option<Socket>,
    region: Arc<Region>,
    frame_bytes: usize,
    frame_count: u32,
    batch: usize,
    port: u16,
    rcvbuf_bytes: i32,
    headers: Vec<libc::mmsghdr>,
    vectors: Vec<libc::iovec>,
    controls: Vec<[u64; CONTROL_WORDS]>,
    drops: u64,
    empty_polls: u32,
}

/// Opens a receiver; throws with the failing call, its value and the kernel's reason.
#[napi(ts_return_type = "object")]
pub fn open_receiver(env: Env, options: ReceiverOptions) -> napi::Result<Object<'static>> {
    let receiver = open(options)?;
    let mut object = Object::new(&env)?;
    object.set("rcvbufBytes", receiver.rcvbuf_bytes)?;
    object.set("port", receiver.port as u32)?;
    let state = Rc::new(RefCell::new(receiver));
    object.set("poll", bound::function(env.raw(), "poll", poll, &state)?)?;
    object.set("close", bound::function(env.raw(), "close", close, &state)?)?;
    Ok(object)
}

unsafe extern "C" fn poll(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: bound to a Receiver by open_receiver.
    unsafe {
        bound::run(env, info, |receiver: &mut Receiver, call: &Call<4>| {
            receiver.poll(&call.words(0)?, call.integer(1)?, &call.words(2)?, &call.words(3)?)
        })
    }
}

unsafe extern "C" fn close(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: bound to a Receiver by open_receiver.
    unsafe {
        bound::run(env, info, |receiver: &mut Receiver, _: &Call<0>| {
            receiver.socket = None;
            Ok(0)
        })
    }
}

fn open(options: ReceiverOptions) -> napi::Result<Receiver> {
    let group = group_address(&options.group)?;
    let port = whole("port", options.port, 0, 65_535)? as u16;
    let iface = address("iface", &options.iface)?;
    let frame_bytes = whole("frameBytes", options.frame_bytes, 1, FRAME_BYTES_MAX)? as usize;
    let frame_count = whole("frameCount", options.frame_count, 1, FRAME_COUNT_MAX)? as u32;
    let batch = whole("batch", options.batch, 1, BATCH_MAX)? as usize;
    let rcvbuf = whole("rcvbufBytes", options.rcvbuf_bytes, 0, i32::MAX as i64)? as i32;
    let mode = whole("timestamps", options.timestamps, 0, stamps::MODE_HARDWARE)?;
    let busy_poll = whole("busyPollUs", options.busy_poll_us, 0, 1_000_000)? as i32;
    let region = find(options.region_id)?;
    let wanted = frame_bytes * frame_count as usize;
    if wanted > region.bytes {
        let has = region.bytes;
        return Err(bad(format!("{frame_count} frames of {frame_bytes} bytes > region of {has}")));
    }
    let socket = Socket::open()?;
    let rcvbuf_bytes = set_receive_buffer(&socket, rcvbuf)?;
    socket.set_exactly(libc::SOL_SOCKET, libc::SO_REUSEADDR, 1, "SO_REUSEADDR")?;
    socket.set_exactly(libc::IPPROTO_IP, libc::IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL")?;
    socket.set_exactly(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1, "SO_RXQ_OVFL")?;
    if busy_poll > 0 {
        socket.set_exactly(libc::SOL_SOCKET, libc::SO_BUSY_POLL, busy_poll, "SO_BUSY_POLL")?;
    }
    stamps::enable(&socket, mode, iface)?;
    let port = bind(&socket, group, port)?;
    join(&socket, group, iface)?;
    let mut receiver = Receiver {
        socket: Some(socket),
        region,
        frame_bytes,
        frame_count,
        batch,
        port,
        rcvbuf_bytes,
        // SAFETY: all zeroes is a valid mmsghdr.
        headers: vec![unsafe { mem::zeroed::<libc::mmsghdr>() }; batch],
        vectors: vec![libc::iovec { iov_base: ptr::null_mut(), iov_len: frame_bytes }; batch],
        controls: vec![[0; CONTROL_WORDS]; batch],
        drops: 0,
        empty_polls: 0,
    };
    receiver.wire();
    Ok(receiver)
}

impl Receiver {
    /// Receives up to `count` packets; see NativeReceiver.poll.
    fn poll(
        &mut self,
        frames: &Words,
        count: i32,
        out: &Words,
        drops: &Words,
    ) -> napi::Result<i32> {
        let Some(socket) = &self.socket else {
            return Err(bad("receiver is closed".to_string()));
        };
        let fd = socket.fd();
        if count < 0 || count as usize > self.batch {
            return Err(bad(format!("count={count} is outside 0 to {}", self.batch)));
        }
        let count = count as usize;
        frames.check("frames", count)?;
        out.check("out", OUT_WORDS * count)?;
        drops.check("drops", 2)?;
        for i in 0..count {
            let frame = frames.get(i) as u32;
            if frame >= self.frame_count {
                let (shown, max) = (frame as i32, self.frame_count - 1);
                return Err(bad(format!("frames[{i}]={shown} is outside 0 to {max}")));
            }
            // SAFETY: frame < frame_count, and all frames lie inside the region (open_receiver).
            let at = unsafe { self.region.base().add(frame as usize * self.frame_bytes) };
            self.vectors[i].iov_base = at.cast();
        }
        if count == 0 {
            return Ok(0);
        }
        let headers = self.headers.as_mut_ptr();
        // SAFETY: `count` headers, each with a frame of frame_bytes and its own control buffer.
        let received = unsafe {
            libc::recvmmsg(fd, headers, count as u32, libc::MSG_DONTWAIT as _, ptr::null_mut())
        };
        if received <= 0 {
            return Ok(self.nothing(fd, received, drops));
        }
        self.empty_polls = 0;
        for i in 0..received as usize {
            self.describe(i, out);
        }
        put(drops, 0, self.drops);
        Ok(received)
    }

    /// Points each header at its vector and control buffer, which stay where they are.
    fn wire(&mut self) {
        for i in 0..self.batch {
            let header = &mut self.headers[i].msg_hdr;
            header.msg_iov = &mut self.vectors[i];
            header.msg_iovlen = 1;
            header.msg_control = self.controls[i].as_mut_ptr().cast();
            header.msg_controllen = CONTROL_BYTES as _;
        }
    }

    /// Nothing was received: 0, or -errno.
    fn nothing(&mut self, fd: libc::c_int, received: i32, drops: &Words) -> i32 {
        if received < 0 {
            let error = errno();
            if error != libc::EAGAIN && error != libc::EINTR {
                return -error;
            }
        }
        if self.empty_polls < EMPTY_POLLS_UNTIL_ASKED {
            self.empty_polls += 1;
            if self.empty_polls == EMPTY_POLLS_UNTIL_ASKED {
                self.ask_for_drops(fd);
                put(drops, 0, self.drops);
            }
        }
        0
    }

    /// Writes packet `i`'s words and readies its header for the next call.
    fn describe(&mut self, i: usize, out: &Words) {
        let header = &mut self.headers[i];
        let flags = header.msg_hdr.msg_flags;
        let (mut kind, mut stamp) = (stamps::KIND_NONE, 0u64);
        let mut overflow = None;
        // SAFETY: the kernel wrote msg_controllen bytes of whole control messages; the macros walk
        // inside them, and the data of each kind read here is at least as long as what is read.
        unsafe {
            let mut at = libc::CMSG_FIRSTHDR(&header.msg_hdr);
            while !at.is_null() {
                if (*at).cmsg_level == libc::SOL_SOCKET {
                    let data = libc::CMSG_DATA(at);
                    if (*at).cmsg_type == libc::SCM_TIMESTAMPING {
                        let stamps = ptr::read_unaligned(data.cast::<[libc::timespec; 3]>());
                        (kind, stamp) = stamps::choose(&stamps);
                    } else if (*at).cmsg_type == libc::SO_RXQ_OVFL {
                        overflow = Some(ptr::read_unaligned(data.cast::<u32>()));
                    }
                }
                at = libc::CMSG_NXTHDR(&header.msg_hdr, at);
            }
        }
        header.msg_hdr.msg_controllen = CONTROL_BYTES as _;
        let length = (header.msg_len as usize).min(self.frame_bytes) as i32;
        // The frame as it was checked, not what the array may hold by now.
        let base = self.region.base() as usize;
        let frame = (self.vectors[i].iov_base as usize - base) / self.frame_bytes;
        let at = OUT_WORDS * i;
        out.set(at, frame as i32);
        out.set(at + 1, length);
        put(out, at + 2, stamp);
        out.set(at + 4, kind);
        out.set(at + 5, if flags & libc::MSG_TRUNC != 0 { FLAG_TRUNCATED } else { 0 });
        if let Some(count) = overflow {
            self.saw_drops(count);
        }
    }

    /// Widens the kernel's 32-bit count. A packet's copy may be older than what was asked for.
    fn saw_drops(&mut self, count: u32) {
        let more = count.wrapping_sub(self.drops as u32) as i32;
        if more > 0 {
            self.drops += more as u64;
        }
    }

    fn ask_for_drops(&mut self, fd: libc::c_int) {
        let mut words = [0u32; MEMINFO_WORDS];
        let mut size = mem::size_of_val(&words) as libc::socklen_t;
        let at = words.as_mut_ptr().cast();
        // SAFETY: the kernel writes at most `size` bytes into `words`.
        let status = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, SO_MEMINFO, at, &mut size) };
        if status == 0 && size as usize > MEMINFO_DROPS * 4 {
            self.saw_drops(words[MEMINFO_DROPS]);
        }
    }
}

/// Sets the receive buffer, past net.core.rmem_max where that is allowed, and reads it back. The
/// kernel doubles what it grants, for its own bookkeeping.
fn set_receive_buffer(socket: &Socket, bytes: i32) -> napi::Result<i32> {
    if bytes > 0 {
        let what = format!("SO_RCVBUF={bytes}");
        let forced = socket.set(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &bytes, &what);
        if forced.is_err() {
            socket.set(libc::SOL_SOCKET, libc::SO_RCVBUF, &bytes, &what)?;
        }
    }
    let granted = socket.get(libc::SOL_SOCKET, libc::SO_RCVBUF, "SO_RCVBUF")?;
    let wanted = 2 * bytes as i64;
    if (granted as i64) < wanted {
        return Err(refused(format!(
            "rcvbufBytes={bytes}: SO_RCVBUF reads {granted} < {wanted} (raise net.core.rmem_max)"
        )));
    }
    Ok(granted)
}

/// Binds to the group itself; returns the port.
fn bind(socket: &Socket, group: Ipv4Addr, port: u16) -> napi::Result<u16> {
    let mut own = sockaddr(group, port);
    let mut size = mem::size_of::<libc::sockaddr_in>() as libc::socklen_t;
    let at: *mut libc::sockaddr_in = &mut own;
    // SAFETY: both calls stay within the `size` bytes of `own`.
    if unsafe { libc::bind(socket.fd(), at.cast(), size) } != 0 {
        return Err(last_os_error(&format!("bind to {group}:{port}")));
    }
    if unsafe { libc::getsockname(socket.fd(), at.cast(), &mut size) } != 0 {
        return Err(last_os_error("getsockname"));
    }
    Ok(u16::from_be(own.sin_port))
}

fn join(socket: &Socket, group: Ipv4Addr, iface: Ipv4Addr) -> napi::Result<()> {
    let member = libc::ip_mreqn {
        imr_multiaddr: in_addr(group),
        imr_address: in_addr(iface),
        imr_ifindex: 0,
    };
    let what = format!("IP_ADD_MEMBERSHIP group={group} iface={iface}");
    socket.set(libc::IPPROTO_IP, libc::IP_ADD_MEMBERSHIP, &member, &what)
}
