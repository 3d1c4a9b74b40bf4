//! Errors as JavaScript sees them: name, value, bound or the kernel's reason.

use napi::{Error, Status};

/// A value from JavaScript that may not be.
pub fn bad(message: String) -> Error {
    Error::new(Status::InvalidArg, message)
}

/// Something that the kernel refused or did otherwise than asked.
pub fn refused(message: String) -> Error {
    Error::new(Status::GenericFailure, message)
}

/// `what` failed; the reason is errno's.
pub fn last_os_error(what: &str) -> Error {
    refused(format!("{what}: {}", std::io::Error::last_os_error()))
}

/// The calling thread's errno.
pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

/// Takes a whole number between `min` and `max`; JavaScript's numbers are doubles.
pub fn whole(name: &str, value: f64, min: i64, max: i64) -> napi::Result<i64> {
    if value.fract() != 0.0 || !value.is_finite() {
        return Err(bad(format!("{name}={value} is not a whole number")));
    }
    if value < min as f64 {
        return Err(bad(format!("{name}={value} < {min}")));
    }
    if value > max as f64 {
        return Err(bad(format!("{name}={value} > {max}")));
    }
    Ok(value as i64)
}
