//! The native addon of nyquestro: what Node cannot do itself. It starts no thread; `poll`, `send`
//! and `readClocks` never wait. The JavaScript side of each call stands in src/core/native.ts.
//!
//! Every length, index and range from JavaScript is checked here before memory is touched: a bad
//! one throws and nothing has happened.

#[cfg(not(target_os = "linux"))]
compile_error!("the addon is for Linux; elsewhere nyq runs on the portable receive path");

mod bound;
mod clock;
mod errors;
mod memory;
mod receiver;
mod region;
mod sender;
mod socket;
mod stamps;
mod thread;
mod view;

use napi_derive::napi;

/// Version of the addon, equal to package.json's (a test holds them together).
#[napi]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}
