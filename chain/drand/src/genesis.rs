//! Genesis: another beacon than quicknet, as JSON through the standard GenesisBuilder API.

use crate::quicknet::Quicknet;
use crate::types::{BeaconConfiguration, Metadata};
use alloc::string::String;
use frame_support::traits::{ConstU32, Get};
use frame_support::BoundedVec;
use serde::{Deserialize, Serialize};
use sp_core::Bytes;

/// Fields of a beacon; what is absent is quicknet's. Bytes are hexadecimal with 0x.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisBeacon {
    #[serde(default)]
    pub public_key: Option<Bytes>,
    /// Seconds between two rounds.
    #[serde(default)]
    pub period: Option<u32>,
    /// Unix seconds of round 1.
    #[serde(default)]
    pub genesis_time: Option<u32>,
    #[serde(default)]
    pub hash: Option<Bytes>,
    #[serde(default)]
    pub group_hash: Option<Bytes>,
    #[serde(default)]
    pub scheme_id: Option<String>,
    #[serde(default)]
    pub beacon_id: Option<String>,
}

impl GenesisBeacon {
    pub fn configuration(&self) -> BeaconConfiguration {
        let known = Quicknet::get();
        let bytes = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| bytes.0.clone());
        let text = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
        BeaconConfiguration {
            public_key: fitting(bytes(&self.public_key), known.public_key),
            period: self.period.unwrap_or(known.period),
            genesis_time: self.genesis_time.unwrap_or(known.genesis_time),
            hash: fitting(bytes(&self.hash), known.hash),
            group_hash: fitting(bytes(&self.group_hash), known.group_hash),
            scheme_id: fitting(text(&self.scheme_id), known.scheme_id),
            metadata: Metadata {
                beacon_id: fitting(text(&self.beacon_id), known.metadata.beacon_id),
            },
        }
    }
}

fn fitting<const N: u32>(
    given: Option<alloc::vec::Vec<u8>>,
    known: BoundedVec<u8, ConstU32<N>>,
) -> BoundedVec<u8, ConstU32<N>> {
    given.map_or(known, |bytes| {
        BoundedVec::try_from(bytes).expect("genesis: a field of the beacon is too long")
    })
}
