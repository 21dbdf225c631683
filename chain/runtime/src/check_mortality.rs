//! The chain's mortality check: the stock one, except that a carrier of the encrypted mempool must be
//! short-lived, so that one that nobody can open leaves the pool soon.

use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use frame_support::ensure;
use frame_support::pallet_prelude::Weight;
use frame_support::traits::IsSubType;
use frame_system::CheckMortality as Stock;
use pallet_shield::Call as ShieldCall;
use scale_info::TypeInfo;
use sp_runtime::generic::Era;
use sp_runtime::traits::{
    DispatchInfoOf, DispatchOriginOf, Implication, TransactionExtension, ValidateResult,
};
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidityError,
};

const MAX_CARRIER_BLOCKS: u64 = 8;

#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckMortality<T>(pub Era, PhantomData<T>);

impl<T: frame_system::Config + Send + Sync> CheckMortality<T> {
    fn stock(&self) -> Stock<T> {
        Stock::from(self.0)
    }
}

impl<T> core::fmt::Debug for CheckMortality<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        write!(f, "CheckMortality({:?})", self.0)
    }
}

type ImplicitOf<T> =
    <Stock<T> as TransactionExtension<<T as frame_system::Config>::RuntimeCall>>::Implicit;

impl<T> TransactionExtension<T::RuntimeCall> for CheckMortality<T>
where
    T: pallet_shield::Config + Send + Sync,
    T::RuntimeCall: IsSubType<ShieldCall<T>>,
{
    const IDENTIFIER: &'static str = "CheckMortality";
    type Implicit = ImplicitOf<T>;
    type Val = ();
    type Pre = ();

    fn implicit(&self) -> Result<Self::Implicit, TransactionValidityError> {
        TransactionExtension::<T::RuntimeCall>::implicit(&self.stock())
    }

    fn weight(&self, call: &T::RuntimeCall) -> Weight {
        self.stock().weight(call)
    }

    fn validate(
        &self,
        origin: DispatchOriginOf<T::RuntimeCall>,
        call: &T::RuntimeCall,
        info: &DispatchInfoOf<T::RuntimeCall>,
        len: usize,
        implicit: Self::Implicit,
        implication: &impl Implication,
        source: TransactionSource,
    ) -> ValidateResult<Self::Val, T::RuntimeCall> {
        if let Some(ShieldCall::submit_encrypted { .. }) = call.is_sub_type() {
            ensure!(is_short(self.0), InvalidTransaction::Stale);
        }
        self.stock()
            .validate(origin, call, info, len, implicit, implication, source)
            .map(|(validity, _, origin)| (validity, (), origin))
    }

    sp_runtime::impl_tx_ext_default!(T::RuntimeCall; prepare);
}

fn is_short(era: Era) -> bool {
    matches!(era, Era::Mortal(blocks, _) if blocks <= MAX_CARRIER_BLOCKS)
}
