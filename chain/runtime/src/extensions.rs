//! Transaction extensions of the chain that carry no bytes. They are declared, in the chain's order,
//! so that clients sign exactly what they sign for the real chain.

use crate::{Runtime, RuntimeCall};
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::{
    AsSystemOriginSigner, DispatchInfoOf, DispatchOriginOf, Implication, TransactionExtension,
    ValidateResult,
};
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction,
};

/// Drops a Sudo call that the sudo key did not sign before it reaches a block.
#[derive(
    Encode, Decode, DecodeWithMemTracking, Clone, Copy, Default, Eq, PartialEq, TypeInfo, Debug,
)]
pub struct SudoTransactionExtension;

impl TransactionExtension<RuntimeCall> for SudoTransactionExtension {
    const IDENTIFIER: &'static str = "SudoTransactionExtension";
    type Implicit = ();
    type Val = ();
    type Pre = ();

    fn validate(
        &self,
        origin: DispatchOriginOf<RuntimeCall>,
        call: &RuntimeCall,
        _info: &DispatchInfoOf<RuntimeCall>,
        _len: usize,
        _implicit: (),
        _implication: &impl Implication,
        _source: TransactionSource,
    ) -> ValidateResult<(), RuntimeCall> {
        let signer = origin.as_system_origin_signer();
        if let (RuntimeCall::Sudo(_), Some(who)) = (call, signer) {
            if pallet_sudo::Key::<Runtime>::get().as_ref() != Some(who) {
                return Err(TransactionValidityError::from(
                    InvalidTransaction::BadSigner,
                ));
            }
        }
        Ok((ValidTransaction::default(), (), origin))
    }

    impl_tx_ext_default!(RuntimeCall; weight prepare);
}

/// An extension that only holds its place in the order.
macro_rules! placeholder {
    ($name:ident) => {
        #[derive(
            Encode,
            Decode,
            DecodeWithMemTracking,
            Clone,
            Copy,
            Default,
            Eq,
            PartialEq,
            TypeInfo,
            Debug,
        )]
        pub struct $name;

        impl TransactionExtension<RuntimeCall> for $name {
            const IDENTIFIER: &'static str = stringify!($name);
            type Implicit = ();
            type Val = ();
            type Pre = ();

            impl_tx_ext_default!(RuntimeCall; weight validate prepare);
        }
    };
}

// Gives signed pulses a priority on the real chain, where they are refused like here; that of
// unsigned ones comes from the Drand pallet.
placeholder!(DrandPriority);
