//! Receive stamps: what is asked of the kernel, and what it delivered with a packet.

use std::ffi::CStr;
use std::mem;
use std::net::Ipv4Addr;
use std::ptr;

use crate::errors::{last_os_error, refused};
use crate::socket::Socket;

/// StampKind of src/core/sinks.ts.
pub const KIND_NONE: i32 = 0;
pub const KIND_SOFTWARE: i32 = 1;
pub const KIND_HARDWARE_RAW: i32 = 3;

/// ReceiverOptions.timestamps.
pub const MODE_SOFTWARE: i64 = 1;
pub const MODE_HARDWARE: i64 = 2;

const ETHTOOL_GET_TS_INFO: u32 = 0x41;
const SIOCETHTOOL: libc::c_ulong = 0x8946;
const SIOCGHWTSTAMP: libc::c_ulong = 0x89b1;

/// linux/ethtool.h, struct ethtool_ts_info.
#[repr(C)]
#[derive(Default)]
struct TimestampInfo {
    cmd: u32,
    so_timestamping: u32,
    phc_index: i32,
    tx_types: u32,
    tx_reserved: [u32; 3],
    rx_filters: u32,
    rx_reserved: [u32; 3],
}

/// linux/net_tstamp.h, struct hwtstamp_config.
#[repr(C)]
#[derive(Default)]
struct HardwareConfig {
    flags: i32,
    tx_type: i32,
    rx_filter: i32,
}

/// Asks for stamps of `mode`. Hardware stamps are refused where the card has none or they are
/// switched off there: the socket option alone would be accepted and never delivered.
pub fn enable(socket: &Socket, mode: i64, iface: Ipv4Addr) -> napi::Result<()> {
    let mut flags = 0;
    if mode == MODE_SOFTWARE || mode == MODE_HARDWARE {
        flags |= libc::SOF_TIMESTAMPING_RX_SOFTWARE | libc::SOF_TIMESTAMPING_SOFTWARE;
    }
    if mode == MODE_HARDWARE {
        check_card(socket, iface)?;
        flags |= libc::SOF_TIMESTAMPING_RX_HARDWARE | libc::SOF_TIMESTAMPING_RAW_HARDWARE;
    }
    if flags == 0 {
        return Ok(());
    }
    socket.set_exactly(libc::SOL_SOCKET, libc::SO_TIMESTAMPING, flags as i32, "SO_TIMESTAMPING")
}

/// The stamp in a control message SCM_TIMESTAMPING: three timespecs, [software, -, hardware].
pub fn choose(stamps: &[libc::timespec; 3]) -> (i32, u64) {
    if stamps[2].tv_sec != 0 || stamps[2].tv_nsec != 0 {
        return (KIND_HARDWARE_RAW, crate::clock::nanoseconds(&stamps[2]));
    }
    if stamps[0].tv_sec != 0 || stamps[0].tv_nsec != 0 {
        return (KIND_SOFTWARE, crate::clock::nanoseconds(&stamps[0]));
    }
    (KIND_NONE, 0)
}

fn check_card(socket: &Socket, iface: Ipv4Addr) -> napi::Result<()> {
    let name = interface_name(iface)?;
    let text = String::from_utf8_lossy(until_nul(&name)).into_owned();
    let mut info = TimestampInfo { cmd: ETHTOOL_GET_TS_INFO, ..Default::default() };
    let at: *mut TimestampInfo = &mut info;
    if !ask(socket, &name, SIOCETHTOOL, at.cast()) {
        return Err(last_os_error(&format!("timestamps=hardware: ETHTOOL_GET_TS_INFO of {text}")));
    }
    let wanted = libc::SOF_TIMESTAMPING_RX_HARDWARE | libc::SOF_TIMESTAMPING_RAW_HARDWARE;
    if info.so_timestamping & wanted != wanted {
        let has = info.so_timestamping;
        return Err(refused(format!(
            "timestamps=hardware: {text} has no receive stamps (so_timestamping {has:#x})"
        )));
    }
    let mut config = HardwareConfig::default();
    let at: *mut HardwareConfig = &mut config;
    if !ask(socket, &name, SIOCGHWTSTAMP, at.cast()) {
        return Err(last_os_error(&format!("timestamps=hardware: SIOCGHWTSTAMP of {text}")));
    }
    if config.rx_filter == 0 {
        return Err(refused(format!(
            "timestamps=hardware: rx_filter of {text} is 0 (hwstamp_ctl -i {text} -r 1 sets it)"
        )));
    }
    Ok(())
}

/// An ioctl about an interface whose answer goes to `data`.
fn ask(socket: &Socket, name: &Name, request: libc::c_ulong, data: *mut libc::c_char) -> bool {
    // SAFETY: zeroes are a valid ifreq; the kernel writes the structure that `request` says to
    // `data`, and the callers pass just that.
    let mut query: libc::ifreq = unsafe { mem::zeroed() };
    query.ifr_name = *name;
    query.ifr_ifru.ifru_data = data;
    unsafe { libc::ioctl(socket.fd(), request, &mut query) == 0 }
}

type Name = [libc::c_char; libc::IFNAMSIZ];

/// Name of the interface that has this address.
fn interface_name(address: Ipv4Addr) -> napi::Result<Name> {
    let mut list = ptr::null_mut();
    // SAFETY: fills `list`, which is freed below.
    if unsafe { libc::getifaddrs(&mut list) } != 0 {
        return Err(last_os_error("getifaddrs"));
    }
    let mut found = None;
    let mut at = list;
    while !at.is_null() && found.is_none() {
        // SAFETY: entries of the list; ifa_addr may be null, and is a sockaddr_in for AF_INET.
        let entry = unsafe { &*at };
        let inet = !entry.ifa_addr.is_null()
            && unsafe { (*entry.ifa_addr).sa_family } == libc::AF_INET as libc::sa_family_t;
        if inet {
            let own: libc::sockaddr_in = unsafe { ptr::read_unaligned(entry.ifa_addr.cast()) };
            if own.sin_addr.s_addr == u32::from_ne_bytes(address.octets()) {
                found = Some(copy_name(unsafe { CStr::from_ptr(entry.ifa_name) }));
            }
        }
        at = entry.ifa_next;
    }
    unsafe { libc::freeifaddrs(list) };
    found.ok_or_else(|| refused(format!("iface={address}: no interface has this address")))
}

fn copy_name(text: &CStr) -> Name {
    let mut name: Name = [0; libc::IFNAMSIZ];
    for (to, from) in name.iter_mut().zip(text.to_bytes().iter().take(libc::IFNAMSIZ - 1)) {
        *to = *from as libc::c_char;
    }
    name
}

fn until_nul(name: &Name) -> &[u8] {
    let len = name.iter().position(|&c| c == 0).unwrap_or(name.len());
    // SAFETY: c_char and u8 have one size; len is within the array.
    unsafe { std::slice::from_raw_parts(name.as_ptr().cast(), len) }
}
