//! Shapes of the older dialect. Those that did not change are the modern pallet's.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

pub use pallet_subtensor::types::{
    AxonInfo, NetUid, NeuronCertificate, PrometheusInfo, TaoBalance, ROOT,
};

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub struct ChainIdentity {
    pub name: Vec<u8>,
    pub url: Vec<u8>,
    pub image: Vec<u8>,
    pub discord: Vec<u8>,
    pub description: Vec<u8>,
    pub additional: Vec<u8>,
}

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub struct SubnetIdentity {
    pub subnet_name: Vec<u8>,
    pub github_repo: Vec<u8>,
    pub subnet_contact: Vec<u8>,
}
