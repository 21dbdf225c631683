//! What the pool refuses of carriers: those that nobody could open, whoever builds the block.

use crate::pallet::{Call, Config};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use frame_support::ensure;
use frame_support::pallet_prelude::Weight;
use frame_support::traits::{Get, IsSubType, OriginTrait};
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::{
    DispatchInfoOf, Dispatchable, Implication, TransactionExtension, ValidateResult,
};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionSource, ValidTransaction};

type CallOf<T> = <T as frame_system::Config>::RuntimeCall;
type OriginOf<T> = <T as frame_system::Config>::RuntimeOrigin;

/// `FailedShieldedTxParsing` among the chain's numbers for the pool.
const MALFORMED: u8 = 23;
const KEY_HASH: usize = 16;
const NONCE: usize = 24;

/// Whether the parts of a carrier's ciphertext have their lengths.
pub fn is_well_formed(ciphertext: &[u8]) -> bool {
    let length = ciphertext
        .get(KEY_HASH..)
        .and_then(|rest| rest.first_chunk());
    length.is_some_and(|length| {
        let sealed_at = KEY_HASH + 2 + usize::from(u16::from_le_bytes(*length)) + NONCE;
        ciphertext.len() > sealed_at
    })
}

/// Checks the form of carriers when they are validated. Carries no bytes.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, Default, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckShieldedTxValidity<T>(pub PhantomData<T>);

impl<T> core::fmt::Debug for CheckShieldedTxValidity<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.write_str("CheckShieldedTxValidity")
    }
}

impl<T> TransactionExtension<CallOf<T>> for CheckShieldedTxValidity<T>
where
    T: Config + Send + Sync,
    CallOf<T>: Dispatchable<RuntimeOrigin = OriginOf<T>> + IsSubType<Call<T>>,
    OriginOf<T>: OriginTrait<AccountId = T::AccountId>,
{
    const IDENTIFIER: &'static str = "CheckShieldedTxValidity";
    type Implicit = ();
    type Val = ();
    type Pre = ();

    fn weight(&self, _: &CallOf<T>) -> Weight {
        Weight::from_parts(1_000_000, 0).saturating_add(T::DbWeight::get().reads(1))
    }

    fn validate(
        &self,
        origin: OriginOf<T>,
        call: &CallOf<T>,
        _info: &DispatchInfoOf<CallOf<T>>,
        _len: usize,
        _implicit: (),
        _implication: &impl Implication,
        _source: TransactionSource,
    ) -> ValidateResult<(), CallOf<T>> {
        if let (Some(_), Some(Call::submit_encrypted { ciphertext })) =
            (origin.as_signer(), call.is_sub_type())
        {
            ensure!(
                is_well_formed(ciphertext),
                InvalidTransaction::Custom(MALFORMED)
            );
        }
        Ok((ValidTransaction::default(), (), origin))
    }

    impl_tx_ext_default!(CallOf<T>; prepare);
}
