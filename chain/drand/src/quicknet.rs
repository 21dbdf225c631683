//! The beacon that a chain follows unless its genesis names another: drand's quicknet.

use crate::types::{BeaconConfiguration, Metadata};
use alloc::vec::Vec;
use frame_support::traits::{ConstU32, Get};
use frame_support::BoundedVec;

const PUBLIC_KEY: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";
const HASH: &str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
const GROUP_HASH: &str = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e";
const SCHEME: &[u8] = b"bls-unchained-g1-rfc9380";
const BEACON: &[u8] = b"quicknet";

pub struct Quicknet;

impl Get<BeaconConfiguration> for Quicknet {
    fn get() -> BeaconConfiguration {
        BeaconConfiguration {
            public_key: from_hex(PUBLIC_KEY),
            period: 3,
            genesis_time: 1_692_803_367,
            hash: from_hex(HASH),
            group_hash: from_hex(GROUP_HASH),
            scheme_id: BoundedVec::truncate_from(SCHEME.to_vec()),
            metadata: Metadata {
                beacon_id: BoundedVec::truncate_from(BEACON.to_vec()),
            },
        }
    }
}

fn from_hex<const N: u32>(text: &str) -> BoundedVec<u8, ConstU32<N>> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    let pairs = text.as_bytes().chunks(2);
    let bytes: Vec<u8> = pairs
        .map(|pair| pair.iter().fold(0, |sum, byte| sum << 4 | digit(*byte)))
        .collect();
    BoundedVec::truncate_from(bytes)
}
