//! Transaction extensions of spec 218 that carry no bytes and do nothing here. They are declared so
//! that clients sign exactly what they sign for the real chain.

use crate::RuntimeCall;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::TransactionExtension;

/// There are no commitments in this build.
#[derive(
    Encode, Decode, DecodeWithMemTracking, Clone, Copy, Default, Eq, PartialEq, TypeInfo, Debug,
)]
pub struct CommitmentsSignedExtension;

impl TransactionExtension<RuntimeCall> for CommitmentsSignedExtension {
    const IDENTIFIER: &'static str = "CommitmentsSignedExtension";
    type Implicit = ();
    type Val = ();
    type Pre = ();

    impl_tx_ext_default!(RuntimeCall; weight validate prepare);
}
