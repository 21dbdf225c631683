//! Signatures of a drand beacon and what is encrypted to its future rounds (timelock encryption on
//! BLS12-381), in the form that Subtensor takes. No storage, no clock, and no panic whatever the
//! bytes are.
//!
//! The scheme is drand's `bls-unchained-g1-rfc9380` (quicknet): signatures are points of G1, public
//! keys of G2, and the message of a round is the SHA-256 of its number in eight bytes, big endian.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod beacon;
pub mod ciphertext;

pub use beacon::verify;
pub use ciphertext::open;
