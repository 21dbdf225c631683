//! What the pool refuses before a call reaches a block, with the chain's `Custom(n)` codes.

use crate::commits::commit_hash;
use crate::mechanisms::storage_index;
use crate::pallet::*;
use crate::types::*;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use frame_support::dispatch::DispatchInfo;
use frame_support::ensure;
use frame_support::traits::{IsSubType, OriginTrait};
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::{
    DispatchInfoOf, Dispatchable, Implication, TransactionExtension, ValidateResult,
};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionSource, ValidTransaction};

type CallOf<T> = <T as frame_system::Config>::RuntimeCall;
type OriginOf<T> = <T as frame_system::Config>::RuntimeOrigin;
type Checked<T> = Result<(), Error<T>>;

/// `BadRequest`: everything without a code of its own.
const BAD_REQUEST: u8 = 255;

/// Number that stands for an error in `InvalidTransaction::Custom`.
pub fn custom_code<T>(error: &Error<T>) -> u8 {
    match error {
        Error::ColdkeySwapAnnounced => 0,
        Error::AmountTooLow | Error::NotEnoughStakeToSetWeights => 1,
        Error::NotEnoughBalanceToStake => 2,
        Error::SubnetNotExists => 3,
        Error::HotKeyAccountNotExists => 4,
        Error::NotEnoughStakeToWithdraw => 5,
        Error::SettingWeightsTooFast
        | Error::CommittingWeightsTooFast
        | Error::NetworkTxRateLimitExceeded => 6,
        Error::InsufficientLiquidity => 7,
        Error::SlippageTooHigh => 8,
        Error::TransferDisallowed => 9,
        Error::HotKeyNotRegisteredInNetwork => 10,
        Error::InvalidIpAddress => 11,
        Error::ServingRateLimitExceeded => 12,
        Error::InvalidPort => 13,
        Error::InvalidRevealRound => 15,
        Error::NoWeightsCommitFound => 16,
        Error::RevealTooEarly => 17,
        Error::InputLengthsUnequal => 18,
        Error::HotKeyNotRegisteredInSubNet => 19,
        Error::EvmKeyAssociateRateLimitExceeded => 20,
        Error::ColdkeySwapDisputed => 21,
        Error::NonAssociatedColdKey => 25,
        Error::DelegateTakeTooLow => 26,
        Error::DelegateTakeTooHigh => 27,
        _ => BAD_REQUEST,
    }
}

impl<T: Config> Pallet<T> {
    /// All checks that apply to a call of this pallet.
    pub fn check_call(who: &T::AccountId, call: &Call<T>) -> Checked<T> {
        Self::check_weight_call(who, call)?;
        Self::check_rate(who, call)?;
        Self::check_take(who, call)?;
        Self::check_endpoint(who, call)
    }

    fn check_weight_call(who: &T::AccountId, call: &Call<T>) -> Checked<T> {
        Self::check_lengths(call)?;
        match call {
            Call::set_weights { netuid, .. }
            | Call::set_mechanism_weights { netuid, .. }
            | Call::commit_weights { netuid, .. }
            | Call::commit_mechanism_weights { netuid, .. }
            | Call::reveal_weights { netuid, .. }
            | Call::reveal_mechanism_weights { netuid, .. }
            | Call::batch_reveal_weights { netuid, .. }
            | Call::commit_timelocked_weights { netuid, .. }
            | Call::commit_timelocked_mechanism_weights { netuid, .. }
            | Call::commit_crv3_mechanism_weights { netuid, .. } => {
                Self::check_stake(who, *netuid)?
            }
            Call::batch_set_weights { netuids, .. }
            | Call::batch_commit_weights { netuids, .. } => netuids
                .iter()
                .try_for_each(|netuid| Self::check_stake(who, netuid.0))?,
            _ => {}
        }
        Self::check_commit_reveal(who, call)
    }

    fn check_lengths(call: &Call<T>) -> Checked<T> {
        let equal = match call {
            Call::batch_set_weights {
                netuids,
                weights,
                version_keys,
            } => [weights.len(), version_keys.len()] == [netuids.len(); 2],
            Call::batch_commit_weights {
                netuids,
                commit_hashes,
            } => netuids.len() == commit_hashes.len(),
            Call::batch_reveal_weights {
                uids_list,
                values_list,
                salts_list,
                version_keys,
                ..
            } => {
                let lengths = [values_list.len(), salts_list.len(), version_keys.len()];
                lengths == [uids_list.len(); 3]
            }
            _ => true,
        };
        ensure!(equal, Error::<T>::InputLengthsUnequal);
        Ok(())
    }

    fn check_commit_reveal(who: &T::AccountId, call: &Call<T>) -> Checked<T> {
        match call {
            Call::reveal_weights {
                netuid,
                uids,
                values,
                salt,
                version_key,
            } => {
                let hash = commit_hash(who, *netuid, uids, values, salt, *version_key);
                Self::check_reveal(who, *netuid, 0, hash)
            }
            Call::reveal_mechanism_weights {
                netuid,
                mecid,
                uids,
                values,
                salt,
                version_key,
            } => {
                let index = storage_index(*netuid, *mecid);
                let hash = commit_hash(who, index, uids, values, salt, *version_key);
                Self::check_reveal(who, *netuid, *mecid, hash)
            }
            Call::batch_reveal_weights {
                netuid,
                uids_list,
                values_list,
                salts_list,
                version_keys,
            } => {
                let rows = uids_list.iter().zip(values_list).zip(salts_list);
                rows.zip(version_keys)
                    .try_for_each(|(((uids, values), salt), key)| {
                        let hash = commit_hash(who, *netuid, uids, values, salt, *key);
                        Self::check_reveal(who, *netuid, 0, hash)
                    })
            }
            Call::commit_timelocked_weights { reveal_round, .. }
            | Call::commit_timelocked_mechanism_weights { reveal_round, .. }
            | Call::commit_crv3_mechanism_weights { reveal_round, .. } => {
                let passed = *reveal_round < pallet_drand::LastStoredRound::<T>::get();
                ensure!(!passed, Error::<T>::InvalidRevealRound);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_stake(who: &T::AccountId, netuid: NetUid) -> Checked<T> {
        let staked = Self::has_stake_for_weights(who, netuid);
        ensure!(staked, Error::<T>::NotEnoughStakeToSetWeights);
        Ok(())
    }

    fn check_rate(who: &T::AccountId, call: &Call<T>) -> Checked<T> {
        match call {
            Call::set_weights { netuid, .. } => Self::check_set_rate(who, *netuid, 0),
            Call::set_mechanism_weights { netuid, mecid, .. } => {
                Self::check_set_rate(who, *netuid, *mecid)
            }
            Call::commit_weights { netuid, .. } => {
                let passes = Self::passes_weights_rate(who, *netuid, 0);
                ensure!(passes, Error::<T>::CommittingWeightsTooFast);
                Ok(())
            }
            Call::commit_mechanism_weights { netuid, mecid, .. } => {
                let passes = Self::passes_weights_rate(who, *netuid, *mecid);
                ensure!(passes, Error::<T>::CommittingWeightsTooFast);
                Ok(())
            }
            Call::register_network { .. } => {
                let passes = Self::network_rate_limit_passes();
                ensure!(passes, Error::<T>::NetworkTxRateLimitExceeded);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_set_rate(who: &T::AccountId, netuid: NetUid, mecid: MechId) -> Checked<T> {
        let hidden = CommitRevealWeightsEnabled::<T>::get(netuid);
        let passes = hidden || Self::passes_weights_rate(who, netuid, mecid);
        ensure!(passes, Error::<T>::SettingWeightsTooFast);
        Ok(())
    }

    /// Who is not a neuron passes: the call itself says why it is refused.
    fn passes_weights_rate(who: &T::AccountId, netuid: NetUid, mecid: MechId) -> bool {
        let index = storage_index(netuid, mecid);
        Uids::<T>::get(netuid, who).is_none_or(|uid| Self::weights_rate_limit_passes(index, uid))
    }

    fn check_take(who: &T::AccountId, call: &Call<T>) -> Checked<T> {
        match call {
            Call::increase_take { hotkey, take } | Call::decrease_take { hotkey, take } => {
                let (min, max) = (MinDelegateTake::<T>::get(), MaxDelegateTake::<T>::get());
                ensure!(*take >= min, Error::<T>::DelegateTakeTooLow);
                ensure!(*take <= max, Error::<T>::DelegateTakeTooHigh);
                Self::ensure_owns(who, hotkey)
            }
            _ => Ok(()),
        }
    }

    fn check_endpoint(who: &T::AccountId, call: &Call<T>) -> Checked<T> {
        match call {
            Call::serve_axon {
                netuid,
                ip,
                port,
                ip_type,
                ..
            }
            | Call::serve_axon_tls {
                netuid,
                ip,
                port,
                ip_type,
                ..
            } => {
                let (ip, port, ip_type) = (*ip, *port, *ip_type);
                let axon = AxonInfo {
                    ip,
                    port,
                    ip_type,
                    ..AxonInfo::default()
                };
                Self::check_axon(who, *netuid, &axon)
            }
            Call::serve_prometheus {
                netuid,
                ip,
                port,
                ip_type,
                ..
            } => {
                let (ip, port, ip_type) = (*ip, *port, *ip_type);
                let info = PrometheusInfo {
                    ip,
                    port,
                    ip_type,
                    ..PrometheusInfo::default()
                };
                Self::check_prometheus(who, *netuid, &info)
            }
            _ => Ok(()),
        }
    }
}

/// Runs the checks of this pallet's calls when a transaction is validated. Carries no bytes.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, Default, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct SubtensorTransactionExtension<T>(pub PhantomData<T>);

impl<T> core::fmt::Debug for SubtensorTransactionExtension<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.write_str("SubtensorTransactionExtension")
    }
}

impl<T> TransactionExtension<CallOf<T>> for SubtensorTransactionExtension<T>
where
    T: Config + Send + Sync,
    CallOf<T>: Dispatchable<RuntimeOrigin = OriginOf<T>, Info = DispatchInfo> + IsSubType<Call<T>>,
    OriginOf<T>: OriginTrait<AccountId = T::AccountId>,
{
    const IDENTIFIER: &'static str = "SubtensorTransactionExtension";
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
        if let (Some(who), Some(call)) = (origin.as_signer(), call.is_sub_type()) {
            let refuse = |error| InvalidTransaction::Custom(custom_code(&error));
            Pallet::<T>::check_call(who, call).map_err(refuse)?;
        }
        Ok((ValidTransaction::default(), (), origin))
    }

    impl_tx_ext_default!(CallOf<T>; weight prepare);
}
