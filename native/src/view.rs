//! Typed arrays as raw pointers: taken without a reference or an allocation, valid for one call.
//!
//! Rust references would be wrong here: two arrays of one call may overlap, and another thread may
//! write to shared ones. So the words are read and written one by one through the pointer.

use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue, ValueType};
use napi::sys;

use crate::errors::bad;

/// An `Int32Array` of JavaScript's, for the duration of one call.
pub struct Words {
    at: *mut i32,
    pub len: usize,
}

impl Words {
    /// Reads word `i`; the caller has checked `i < len`.
    pub fn get(&self, i: usize) -> i32 {
        debug_assert!(i < self.len);
        // SAFETY: i < len, and the array cannot be detached during the call.
        unsafe { ptr::read_volatile(self.at.add(i)) }
    }

    /// Writes word `i`; the caller has checked `i < len`.
    pub fn set(&self, i: usize, value: i32) {
        debug_assert!(i < self.len);
        // SAFETY: as get.
        unsafe { ptr::write_volatile(self.at.add(i), value) }
    }

    /// The pages that lie in the array with all their bytes: where they begin, and their bytes.
    pub fn whole_pages(&self, page_bytes: usize) -> (*mut u8, usize) {
        let bytes = self.len * size_of::<i32>();
        let skipped = self.at.addr().wrapping_neg() % page_bytes;
        let whole = bytes.saturating_sub(skipped) / page_bytes * page_bytes;
        (self.at.cast::<u8>().wrapping_add(skipped), whole)
    }

    /// Throws unless there are at least `wanted` words.
    pub fn check(&self, name: &str, wanted: usize) -> napi::Result<()> {
        if self.len >= wanted {
            return Ok(());
        }
        Err(bad(format!("{name}.length={} < {wanted}", self.len)))
    }
}

/// A `Uint8Array` (or Buffer) of JavaScript's, for the duration of one call.
pub struct Bytes {
    pub at: *mut u8,
    pub len: usize,
}

/// Pointer and element count of a typed array that must be of type `wanted`.
unsafe fn typed_array(
    env: sys::napi_env,
    value: sys::napi_value,
    wanted: sys::napi_typedarray_type,
    name: &str,
) -> napi::Result<(*mut std::ffi::c_void, usize)> {
    let mut kind = 0;
    let mut len = 0;
    let mut data = ptr::null_mut();
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut len,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    if status != sys::Status::napi_ok || kind != wanted {
        return Err(bad(format!("expected {name}")));
    }
    if data.is_null() {
        return Ok((ptr::NonNull::<u64>::dangling().as_ptr().cast(), 0));
    }
    Ok((data, len))
}

impl FromNapiValue for Words {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let kind = sys::TypedarrayType::int32_array;
        let (data, len) = unsafe { typed_array(env, value, kind, "an Int32Array")? };
        Ok(Words { at: data.cast(), len })
    }
}

impl FromNapiValue for Bytes {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let kind = sys::TypedarrayType::uint8_array;
        let (data, len) = unsafe { typed_array(env, value, kind, "a Uint8Array")? };
        Ok(Bytes { at: data.cast(), len })
    }
}

impl TypeName for Words {
    fn type_name() -> &'static str {
        "Int32Array"
    }
    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl TypeName for Bytes {
    fn type_name() -> &'static str {
        "Uint8Array"
    }
    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Words {}
impl ValidateNapiValue for Bytes {}
