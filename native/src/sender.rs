//! A connected multicast sender: many packets a system call.

use std::mem;
use std::ptr;

use napi_derive::napi;

use crate::errors::{bad, errno, last_os_error, whole};
use crate::socket::{address, group_address, in_addr, sockaddr, Socket};
use crate::view::{Bytes, Words};

/// Packets a call at most, so that no call takes a millisecond.
const BATCH_MAX: usize = 64;
/// The largest UDP payload over IPv4, bytes.
const PAYLOAD_MAX: i32 = 65_507;

/// See SenderOptions in src/core/native.ts.
#[napi(object)]
pub struct SenderOptions {
    pub group: String,
    pub port: f64,
    pub iface: String,
    pub ttl: f64,
}

/// See NativeSender in src/core/native.ts.
#[napi]
pub struct Sender {
    socket: Option<Socket>,
    headers: Vec<libc::mmsghdr>,
    vectors: Vec<libc::iovec>,
}

/// Opens a sender; throws with the failing call.
#[napi]
pub fn open_sender(options: SenderOptions) -> napi::Result<Sender> {
    let group = group_address(&options.group)?;
    let port = whole("port", options.port, 1, 65_535)? as u16;
    let iface = address("iface", &options.iface)?;
    let ttl = whole("ttl", options.ttl, 0, 255)? as i32;
    let socket = Socket::open()?;
    let what = format!("IP_MULTICAST_IF={iface}");
    socket.set(libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &in_addr(iface), &what)?;
    socket.set_exactly(libc::IPPROTO_IP, libc::IP_MULTICAST_TTL, ttl, "IP_MULTICAST_TTL")?;
    socket.set_exactly(libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP, 1, "IP_MULTICAST_LOOP")?;
    let to = sockaddr(group, port);
    let at: *const libc::sockaddr_in = &to;
    let size = mem::size_of::<libc::sockaddr_in>() as libc::socklen_t;
    // SAFETY: reads `size` bytes of `to`.
    if unsafe { libc::connect(socket.fd(), at.cast(), size) } != 0 {
        return Err(last_os_error(&format!("connect to {group}:{port} on {iface}")));
    }
    // SAFETY: all zeroes is a valid mmsghdr and a valid iovec.
    let headers = vec![unsafe { mem::zeroed::<libc::mmsghdr>() }; BATCH_MAX];
    let vectors = vec![libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BATCH_MAX];
    Ok(Sender { socket: Some(socket), headers, vectors })
}

#[napi]
impl Sender {
    /// Sends packets `from` to `count`, at most 64 of them.
    #[napi(ts_args_type = "bytes: Uint8Array, offsets: Int32Array, count: number, from?: number")]
    pub fn send(
        &mut self,
        bytes: Bytes,
        offsets: Words,
        count: i32,
        from: Option<i32>,
    ) -> napi::Result<i32> {
        let Some(socket) = &self.socket else {
            return Err(bad("sender is closed".to_string()));
        };
        let from = from.unwrap_or(0);
        if count < 0 || from < 0 || from > count {
            return Err(bad(format!("from={from} count={count}: 0 <= from <= count is not so")));
        }
        offsets.check("offsets", 2 * count as usize)?;
        let now = ((count - from) as usize).min(BATCH_MAX);
        for i in 0..now {
            let packet = from as usize + i;
            let (offset, length) = (offsets.get(2 * packet), offsets.get(2 * packet + 1));
            let end = offset as i64 + length as i64;
            if offset < 0 || !(0..=PAYLOAD_MAX).contains(&length) || end > bytes.len as i64 {
                let size = bytes.len;
                let what = format!("packet {packet}: offset={offset} length={length}");
                return Err(bad(format!("{what} lies outside {size} bytes or is > {PAYLOAD_MAX}")));
            }
            // SAFETY: offset + length <= bytes.len, checked above.
            self.vectors[i].iov_base = unsafe { bytes.at.add(offset as usize) }.cast();
            self.vectors[i].iov_len = length as usize;
            self.headers[i].msg_hdr.msg_iov = &mut self.vectors[i];
            self.headers[i].msg_hdr.msg_iovlen = 1;
        }
        if now == 0 {
            return Ok(0);
        }
        loop {
            let headers = self.headers.as_mut_ptr();
            // SAFETY: `now` headers whose vectors lie inside `bytes`, which lives until we return.
            let sent = unsafe {
                libc::sendmmsg(socket.fd(), headers, now as libc::c_uint, libc::MSG_DONTWAIT)
            };
            if sent >= 0 {
                return Ok(sent);
            }
            let error = errno();
            if error != libc::EINTR {
                return Ok(-error);
            }
        }
    }

    #[napi]
    pub fn close(&mut self) {
        self.socket = None;
    }
}
