//! The chain's nonce check: the stock one, except that an account without any funds is refused only
//! if its call pays a fee. Hence a hotkey that never held TAO can send every fee-free call.

use alloc::{vec, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::dispatch::{DispatchInfo, Pays};
use frame_support::pallet_prelude::Weight;
use frame_system::{Account, Config};
use scale_info::TypeInfo;
use sp_runtime::traits::{
    AsSystemOriginSigner, DispatchInfoOf, DispatchOriginOf, Dispatchable, Implication, One,
    TransactionExtension, ValidateResult, Zero,
};
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction,
};

#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckNonce<T: Config>(#[codec(compact)] pub T::Nonce);

impl<T: Config> core::fmt::Debug for CheckNonce<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        write!(f, "CheckNonce({:?})", self.0)
    }
}

impl<T: Config> CheckNonce<T> {
    fn tag(who: &T::AccountId, nonce: T::Nonce) -> Vec<u8> {
        (who, nonce).encode()
    }
}

impl<T: Config> TransactionExtension<T::RuntimeCall> for CheckNonce<T>
where
    T::RuntimeCall: Dispatchable<Info = DispatchInfo>,
    DispatchOriginOf<T::RuntimeCall>: AsSystemOriginSigner<T::AccountId> + Clone,
{
    const IDENTIFIER: &'static str = "CheckNonce";
    type Implicit = ();
    /// The signer and the nonce it has; `None` for calls without a signer.
    type Val = Option<(T::AccountId, T::Nonce)>;
    type Pre = ();

    fn weight(&self, _: &T::RuntimeCall) -> Weight {
        Weight::zero()
    }

    fn validate(
        &self,
        origin: DispatchOriginOf<T::RuntimeCall>,
        _call: &T::RuntimeCall,
        info: &DispatchInfoOf<T::RuntimeCall>,
        _len: usize,
        _implicit: (),
        _implication: &impl Implication,
        _source: TransactionSource,
    ) -> ValidateResult<Self::Val, T::RuntimeCall> {
        let Some(who) = origin.as_system_origin_signer().cloned() else {
            return Ok((ValidTransaction::default(), None, origin));
        };
        let account = Account::<T>::get(&who);
        let unfunded = account.providers.is_zero() && account.sufficients.is_zero();
        if unfunded && info.pays_fee == Pays::Yes {
            return Err(InvalidTransaction::Payment.into());
        }
        if self.0 < account.nonce {
            return Err(InvalidTransaction::Stale.into());
        }
        let mut validity = ValidTransaction {
            provides: vec![Self::tag(&who, self.0)],
            ..ValidTransaction::default()
        };
        if self.0 > account.nonce {
            validity.requires = vec![Self::tag(&who, self.0 - One::one())];
        }
        Ok((validity, Some((who, account.nonce)), origin))
    }

    fn prepare(
        self,
        val: Self::Val,
        _origin: &DispatchOriginOf<T::RuntimeCall>,
        _call: &T::RuntimeCall,
        _info: &DispatchInfoOf<T::RuntimeCall>,
        _len: usize,
    ) -> Result<(), TransactionValidityError> {
        let Some((who, nonce)) = val else {
            return Ok(());
        };
        if self.0 > nonce {
            return Err(InvalidTransaction::Future.into());
        }
        Account::<T>::mutate(who, |account| account.nonce = nonce + One::one());
        Ok(())
    }
}
