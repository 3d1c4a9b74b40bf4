//! What receiver and sender share: an owned descriptor, options with names, addresses.

use std::mem;
use std::net::Ipv4Addr;

use crate::errors::{bad, last_os_error, refused};

/// A UDP socket; closed when dropped.
pub struct Socket {
    fd: libc::c_int,
}

impl Socket {
    /// Opens a non-blocking UDP socket.
    pub fn open() -> napi::Result<Socket> {
        let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: no memory involved.
        let fd = unsafe { libc::socket(libc::AF_INET, kind, 0) };
        if fd < 0 {
            return Err(last_os_error("socket(AF_INET, SOCK_DGRAM)"));
        }
        Ok(Socket { fd })
    }

    pub fn fd(&self) -> libc::c_int {
        self.fd
    }

    /// Sets an option of any type; `what` goes into the error.
    pub fn set<T>(&self, level: i32, option: i32, value: &T, what: &str) -> napi::Result<()> {
        let size = mem::size_of::<T>() as libc::socklen_t;
        let at: *const T = value;
        // SAFETY: the kernel reads `size` bytes of `value`.
        if unsafe { libc::setsockopt(self.fd, level, option, at.cast(), size) } != 0 {
            return Err(last_os_error(what));
        }
        Ok(())
    }

    /// Reads an integer option.
    pub fn get(&self, level: i32, option: i32, name: &str) -> napi::Result<i32> {
        let mut value: libc::c_int = 0;
        let mut size = mem::size_of::<libc::c_int>() as libc::socklen_t;
        let at: *mut libc::c_int = &mut value;
        // SAFETY: the kernel writes at most `size` bytes into `value`.
        if unsafe { libc::getsockopt(self.fd, level, option, at.cast(), &mut size) } != 0 {
            return Err(last_os_error(name));
        }
        Ok(value)
    }

    /// Sets an integer option and reads it back; another value than asked is an error.
    pub fn set_exactly(&self, level: i32, option: i32, value: i32, name: &str) -> napi::Result<()> {
        self.set(level, option, &value, &format!("{name}={value}"))?;
        let now = self.get(level, option, name)?;
        if now != value {
            return Err(refused(format!("{name}={value}: the kernel gave {now}")));
        }
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: ours, and closed once.
        unsafe { libc::close(self.fd) };
    }
}

/// Parses a dotted address.
pub fn address(name: &str, text: &str) -> napi::Result<Ipv4Addr> {
    text.parse().map_err(|_| bad(format!("{name}={text:?} is not a dotted IPv4 address")))
}

/// Parses a multicast group, 224.0.0.0 to 239.255.255.255.
pub fn group_address(text: &str) -> napi::Result<Ipv4Addr> {
    let group = address("group", text)?;
    if !group.is_multicast() {
        return Err(bad(format!("group={text} is outside 224.0.0.0 to 239.255.255.255")));
    }
    Ok(group)
}

/// The kernel's form of an address: octets in network order.
pub fn in_addr(address: Ipv4Addr) -> libc::in_addr {
    libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) }
}

/// The kernel's form of an address and port.
pub fn sockaddr(address: Ipv4Addr, port: u16) -> libc::sockaddr_in {
    // SAFETY: all zeroes is a valid sockaddr_in.
    let mut out: libc::sockaddr_in = unsafe { mem::zeroed() };
    out.sin_family = libc::AF_INET as libc::sa_family_t;
    out.sin_port = port.to_be();
    out.sin_addr = in_addr(address);
    out
}
