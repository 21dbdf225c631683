//! Flat JSON arrays of numbers for the subnet suite.
//!
//! Most of the time in reading a tensor from JSON goes into its numbers. [`flat`] holds the safe
//! function, tested natively; `abi` exposes it to a WASM host as plain exports over linear memory.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(missing_docs)]

pub mod flat;

#[cfg(target_arch = "wasm32")]
pub mod abi;
