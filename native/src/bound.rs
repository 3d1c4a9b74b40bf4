//! Functions bound to Rust state, for calls that are made a million times a second: napi-rs's own
//! class methods cost two to three times as much (unwrapping, thread-local bookkeeping, a heap
//! block a call). Each function holds one count of its state and drops it when V8 collects it.

use std::cell::RefCell;
use std::ffi::{c_char, c_void, CString};
use std::ptr;
use std::rc::Rc;

use napi::sys;

use crate::errors::{bad, refused};
use crate::view::Words;

/// What a call gets: its environment and up to `N` arguments.
pub struct Call<const N: usize> {
    env: sys::napi_env,
    args: [sys::napi_value; N],
    given: usize,
}

impl<const N: usize> Call<N> {
    /// Argument `i` as an Int32Array.
    pub fn words(&self, i: usize) -> napi::Result<Words> {
        self.check(i)?;
        // SAFETY: a value of this call's.
        unsafe { napi::bindgen_prelude::FromNapiValue::from_napi_value(self.env, self.args[i]) }
    }

    /// Argument `i` as an integer of 32 bits.
    pub fn integer(&self, i: usize) -> napi::Result<i32> {
        self.check(i)?;
        let mut value = 0;
        // SAFETY: a value of this call's; writes one i32.
        let status = unsafe { sys::napi_get_value_int32(self.env, self.args[i], &mut value) };
        if status != sys::Status::napi_ok {
            return Err(bad(format!("argument {i} is not a number")));
        }
        Ok(value)
    }

    fn check(&self, i: usize) -> napi::Result<()> {
        if i < self.given {
            return Ok(());
        }
        Err(bad(format!("argument {i} is missing")))
    }
}

/// Makes a function of JavaScript's that runs `callback` with a count of `state`; the callback is a
/// `run::<T, N>(…)` and nothing else.
pub fn function<T>(
    env: sys::napi_env,
    name: &str,
    callback: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
    state: &Rc<RefCell<T>>,
) -> napi::Result<sys::napi_value> {
    let data = Rc::into_raw(Rc::clone(state)).cast_mut().cast::<c_void>();
    let mut made = ptr::null_mut();
    let at: *const c_char = name.as_ptr().cast();
    // SAFETY: `data` is one count of `state`, dropped by the finalizer, or here when there is none.
    unsafe {
        let len = name.len() as isize;
        let mut status = sys::napi_create_function(env, at, len, Some(callback), data, &mut made);
        if status == sys::Status::napi_ok {
            let none = ptr::null_mut();
            status =
                sys::napi_add_finalizer(env, made, data, Some(drop_count::<T>), none, none.cast());
        }
        if status != sys::Status::napi_ok {
            drop(Rc::from_raw(data.cast::<RefCell<T>>()));
            return Err(refused(format!("function {name}: status {status}")));
        }
    }
    Ok(made)
}

unsafe extern "C" fn drop_count<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the count that `function` gave away; V8 calls this once, with the function gone.
    unsafe { drop(Rc::from_raw(data.cast::<RefCell<T>>())) };
}

/// The body of a callback: runs `body` on the state and gives its integer, or its error, back.
///
/// # Safety
/// `info` belongs to a function made by `function::<T>`.
pub unsafe fn run<T, const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&mut T, &Call<N>) -> napi::Result<i32>,
) -> sys::napi_value {
    let mut given = N;
    let mut args = [ptr::null_mut(); N];
    let mut data = ptr::null_mut();
    let mut result = ptr::null_mut();
    // SAFETY: `args` has room for N values; `data` is a RefCell<T> that outlives the call, because
    // the function that is being called holds a count of it.
    unsafe {
        let at = args.as_mut_ptr();
        sys::napi_get_cb_info(env, info, &mut given, at, ptr::null_mut(), &mut data);
        let call = Call { env, args, given };
        match body(&mut (*data.cast::<RefCell<T>>()).borrow_mut(), &call) {
            Ok(value) => {
                sys::napi_create_int32(env, value, &mut result);
            }
            Err(error) => throw(env, &error.reason),
        }
    }
    result
}

fn throw(env: sys::napi_env, reason: &str) {
    let text = CString::new(reason.replace('\0', "\\0")).unwrap_or_default();
    // SAFETY: a NUL-terminated string, copied by the callee.
    unsafe { sys::napi_throw_error(env, ptr::null(), text.as_ptr()) };
}
