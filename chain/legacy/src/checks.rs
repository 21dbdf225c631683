//! What the pool refuses before a call reaches a block, with the numbers of then: they named the
//! call, not the reason.

use crate::pallet::*;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use frame_support::dispatch::DispatchInfo;
use frame_support::traits::{IsSubType, OriginTrait};
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::{
    DispatchInfoOf, Dispatchable, Implication, TransactionExtension, ValidateResult,
};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionSource, ValidTransaction};

type CallOf<T> = <T as frame_system::Config>::RuntimeCall;
type OriginOf<T> = <T as frame_system::Config>::RuntimeOrigin;

impl<T: Config> Pallet<T> {
    /// The number in `InvalidTransaction::Custom` when `who` may not send the call now.
    pub fn refusal(who: &T::AccountId, call: &Call<T>) -> Option<u8> {
        let code = match call {
            Call::commit_weights { .. } => 1,
            Call::reveal_weights { .. } => 2,
            Call::set_weights { .. } => 3,
            Call::batch_reveal_weights { .. } => 6,
            Call::burned_register { netuid, .. } => {
                return (!Self::interval_has_room(*netuid)).then_some(5);
            }
            _ => return None,
        };
        (!Self::has_stake_for_weights(who)).then_some(code)
    }
}

/// Weights were only valid for the next block.
fn longevity<T: Config>(call: &Call<T>) -> u64 {
    match call {
        Call::commit_weights { .. }
        | Call::reveal_weights { .. }
        | Call::batch_reveal_weights { .. }
        | Call::set_weights { .. } => 1,
        _ => u64::MAX,
    }
}

/// Runs the checks when a transaction is validated. Carries no bytes.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, Default, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct SubtensorSignedExtension<T>(pub PhantomData<T>);

impl<T> core::fmt::Debug for SubtensorSignedExtension<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.write_str("SubtensorSignedExtension")
    }
}

impl<T> TransactionExtension<CallOf<T>> for SubtensorSignedExtension<T>
where
    T: Config + Send + Sync,
    CallOf<T>: Dispatchable<RuntimeOrigin = OriginOf<T>, Info = DispatchInfo> + IsSubType<Call<T>>,
    OriginOf<T>: OriginTrait<AccountId = T::AccountId>,
{
    const IDENTIFIER: &'static str = "SubtensorSignedExtension";
    type Implicit = ();
    type Val = ();
    type Pre = ();

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
        let mut validity = ValidTransaction::default();
        if let (Some(who), Some(call)) = (origin.as_signer(), call.is_sub_type()) {
            if let Some(code) = Pallet::<T>::refusal(who, call) {
                return Err(InvalidTransaction::Custom(code).into());
            }
            validity.longevity = longevity(call);
        }
        Ok((validity, (), origin))
    }

    impl_tx_ext_default!(CallOf<T>; weight prepare);
}
