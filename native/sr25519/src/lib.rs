//! sr25519 (schnorrkel, Ristretto255) for the subnet suite.
//!
//! [`keys`] holds the safe functions, tested natively; [`abi`] exposes them to a WASM host as
//! plain exports over linear memory, with no generated glue.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(missing_docs)]

extern crate alloc;

pub mod keys;

#[cfg(target_arch = "wasm32")]
pub mod abi;
