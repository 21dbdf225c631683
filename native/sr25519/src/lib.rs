//! sr25519 (schnorrkel, Ristretto255) for the subnet suite.
//!
//! [`keys`] makes keys; [`signatures`] signs, with tables of the base point ([`base`]), and
//! verifies, with tables of the public keys that come often ([`known_keys`], [`comb`]). Under both
//! lie [`sums`], [`point`] and [`field`]. These are safe functions, tested
//! natively; [`abi`] exposes them to a WASM host as plain exports over linear memory, with no
//! generated glue.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(missing_docs)]

extern crate alloc;

pub mod base;
pub mod comb;
pub mod field;
pub mod keys;
pub mod known_keys;
pub mod point;
pub mod signatures;
pub mod sums;

#[cfg(target_arch = "wasm32")]
pub mod abi;
