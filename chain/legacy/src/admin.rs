//! `AdminUtils` of spec 218: the setters of hyperparameters that this chain has a use for, with the
//! names, call indices and argument order of then. `Owner` means the owner of the subnet or root,
//! `Root` means root alone. There is no freeze window and no rate limit.

pub use pallet::*;

use crate::pallet as sub;
use frame_support::traits::Get;
use frame_support::weights::Weight;

/// About what the chain booked for a setter: 25 us, four reads, two writes.
fn setter<T: frame_system::Config>() -> Weight {
    let database = T::DbWeight::get().reads_writes(4, 2);
    Weight::from_parts(25_000_000, 0).saturating_add(database)
}

#[frame_support::pallet]
pub mod pallet {
    use super::{setter, sub};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sub::{Event as Notice, NetUid, Pallet as Subtensor};

    #[pallet::config]
    pub trait Config: frame_system::Config + sub::Config {}

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::error]
    #[derive(PartialEq)]
    pub enum Error<T> {
        SubnetDoesNotExist,
        MaxValidatorsLargerThanMaxUIds,
        MaxAllowedUIdsLessThanCurrentUIds,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Largest take of a delegate, in 65535ths. Root.
        #[pallet::call_index(1)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_default_take(origin: OriginFor<T>, default_take: u16) -> DispatchResult {
            ensure_root(origin)?;
            sub::MaxDelegateTake::<T>::put(default_take);
            Self::notify(Notice::MaxDelegateTakeSet(default_take))
        }

        /// Blocks between two key swaps. Root.
        #[pallet::call_index(2)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_tx_rate_limit(origin: OriginFor<T>, tx_rate_limit: u64) -> DispatchResult {
            ensure_root(origin)?;
            sub::TxRateLimit::<T>::put(tx_rate_limit);
            Self::notify(Notice::TxRateLimitSet(tx_rate_limit))
        }

        /// Blocks between two changes of an axon; 0 for no limit. Owner.
        #[pallet::call_index(3)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_serving_rate_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            serving_rate_limit: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::ServingRateLimit::<T>::insert(netuid, serving_rate_limit);
            Self::notify(Notice::ServingRateLimitSet(netuid, serving_rate_limit))
        }

        /// Without effect: there is no proof of work. Owner.
        #[pallet::call_index(4)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_min_difficulty(
            origin: OriginFor<T>,
            netuid: NetUid,
            min_difficulty: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::MinDifficulty::<T>::insert(netuid, min_difficulty);
            Self::notify(Notice::MinDifficultySet(netuid, min_difficulty))
        }

        /// Without effect: there is no proof of work. Owner.
        #[pallet::call_index(5)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_max_difficulty(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_difficulty: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::MaxDifficulty::<T>::insert(netuid, max_difficulty);
            Self::notify(Notice::MaxDifficultySet(netuid, max_difficulty))
        }

        /// Smallest version key that weights must carry; 0 for any. Owner.
        #[pallet::call_index(6)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_weights_version_key(
            origin: OriginFor<T>,
            netuid: NetUid,
            weights_version_key: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::WeightsVersionKey::<T>::insert(netuid, weights_version_key);
            Self::notify(Notice::WeightsVersionKeySet(netuid, weights_version_key))
        }

        /// Blocks between two settings or commits of weights. Owner.
        #[pallet::call_index(7)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_weights_set_rate_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            weights_set_rate_limit: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::WeightsSetRateLimit::<T>::insert(netuid, weights_set_rate_limit);
            Self::notify(Notice::WeightsSetRateLimitSet(
                netuid,
                weights_set_rate_limit,
            ))
        }

        /// Blocks between two adjustments of the price. Root.
        #[pallet::call_index(8)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_adjustment_interval(
            origin: OriginFor<T>,
            netuid: NetUid,
            adjustment_interval: u16,
        ) -> DispatchResult {
            Self::by_root(origin, netuid)?;
            sub::AdjustmentInterval::<T>::insert(netuid, adjustment_interval);
            Self::notify(Notice::AdjustmentIntervalSet(netuid, adjustment_interval))
        }

        /// Part of the old price that an adjustment keeps. Owner.
        #[pallet::call_index(9)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_adjustment_alpha(
            origin: OriginFor<T>,
            netuid: NetUid,
            adjustment_alpha: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::AdjustmentAlpha::<T>::insert(netuid, adjustment_alpha);
            Self::notify(Notice::AdjustmentAlphaSet(netuid, adjustment_alpha))
        }

        /// Largest share of one weight, in 65535ths. Owner.
        #[pallet::call_index(12)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_max_weight_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_weight_limit: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::MaxWeightsLimit::<T>::insert(netuid, max_weight_limit);
            Self::notify(Notice::MaxWeightLimitSet(netuid, max_weight_limit))
        }

        /// Blocks for which a newcomer is safe. Owner.
        #[pallet::call_index(13)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_immunity_period(
            origin: OriginFor<T>,
            netuid: NetUid,
            immunity_period: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::ImmunityPeriod::<T>::insert(netuid, immunity_period);
            Self::notify(Notice::ImmunityPeriodSet(netuid, immunity_period))
        }

        /// Least number of weights in a vector. Owner.
        #[pallet::call_index(14)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_min_allowed_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            min_allowed_weights: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::MinAllowedWeights::<T>::insert(netuid, min_allowed_weights);
            Self::notify(Notice::MinAllowedWeightSet(netuid, min_allowed_weights))
        }

        /// Most neurons of a subnet: more than it has. Root.
        #[pallet::call_index(15)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_max_allowed_uids(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_allowed_uids: u16,
        ) -> DispatchResult {
            Self::by_root(origin, netuid)?;
            Self::set_max_allowed_uids(netuid, max_allowed_uids)
        }

        /// Majority of the consensus, in 65535ths. Owner.
        #[pallet::call_index(16)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_kappa(origin: OriginFor<T>, netuid: NetUid, kappa: u16) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::Kappa::<T>::insert(netuid, kappa);
            Self::notify(Notice::KappaSet(netuid, kappa))
        }

        /// Without effect. Owner.
        #[pallet::call_index(17)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_rho(origin: OriginFor<T>, netuid: NetUid, rho: u16) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::Rho::<T>::insert(netuid, rho);
            Self::notify(Notice::RhoSet(netuid, rho))
        }

        /// Blocks without an update after which a validator is inactive. Owner.
        #[pallet::call_index(18)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_activity_cutoff(
            origin: OriginFor<T>,
            netuid: NetUid,
            activity_cutoff: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::ActivityCutoff::<T>::insert(netuid, activity_cutoff);
            Self::notify(Notice::ActivityCutoffSet(netuid, activity_cutoff))
        }

        /// Whether neurons can register and emission runs. Owner.
        #[pallet::call_index(19)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_network_registration_allowed(
            origin: OriginFor<T>,
            netuid: NetUid,
            registration_allowed: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::NetworkRegistrationAllowed::<T>::insert(netuid, registration_allowed);
            Self::notify(Notice::RegistrationAllowed(netuid, registration_allowed))
        }

        /// Without effect: there is no proof of work. Owner.
        #[pallet::call_index(20)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_network_pow_registration_allowed(
            origin: OriginFor<T>,
            netuid: NetUid,
            registration_allowed: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::NetworkPowRegistrationAllowed::<T>::insert(netuid, registration_allowed);
            Self::notify(Notice::PowRegistrationAllowed(netuid, registration_allowed))
        }

        /// Wanted registrations; three times as many are possible. Root.
        #[pallet::call_index(21)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_target_registrations_per_interval(
            origin: OriginFor<T>,
            netuid: NetUid,
            target_registrations_per_interval: u16,
        ) -> DispatchResult {
            Self::by_root(origin, netuid)?;
            sub::TargetRegistrationsPerInterval::<T>::insert(
                netuid,
                target_registrations_per_interval,
            );
            Self::notify(Notice::RegistrationPerIntervalSet(
                netuid,
                target_registrations_per_interval,
            ))
        }

        /// Lowest price of a registration, in RAO. Owner.
        #[pallet::call_index(22)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_min_burn(
            origin: OriginFor<T>,
            netuid: NetUid,
            min_burn: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::MinBurn::<T>::insert(netuid, min_burn);
            Self::notify(Notice::MinBurnSet(netuid, min_burn))
        }

        /// Highest price of a registration, in RAO. Owner.
        #[pallet::call_index(23)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_max_burn(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_burn: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::MaxBurn::<T>::insert(netuid, max_burn);
            Self::notify(Notice::MaxBurnSet(netuid, max_burn))
        }

        /// Without effect: there is no proof of work. Owner.
        #[pallet::call_index(24)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_difficulty(
            origin: OriginFor<T>,
            netuid: NetUid,
            difficulty: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::Difficulty::<T>::insert(netuid, difficulty);
            Self::notify(Notice::DifficultySet(netuid, difficulty))
        }

        /// Most validators of a subnet. Root.
        #[pallet::call_index(25)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_max_allowed_validators(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_allowed_validators: u16,
        ) -> DispatchResult {
            Self::by_root(origin, netuid)?;
            Self::set_max_allowed_validators(netuid, max_allowed_validators)
        }

        /// Part of the old bonds that an epoch keeps, in millionths. Owner.
        #[pallet::call_index(26)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_bonds_moving_average(
            origin: OriginFor<T>,
            netuid: NetUid,
            bonds_moving_average: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::BondsMovingAverage::<T>::insert(netuid, bonds_moving_average);
            Self::notify(Notice::BondsMovingAverageSet(netuid, bonds_moving_average))
        }

        /// Most registrations in one block. Root.
        #[pallet::call_index(27)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_max_registrations_per_block(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_registrations_per_block: u16,
        ) -> DispatchResult {
            Self::by_root(origin, netuid)?;
            sub::MaxRegistrationsPerBlock::<T>::insert(netuid, max_registrations_per_block);
            Self::notify(Notice::MaxRegistrationsPerBlockSet(
                netuid,
                max_registrations_per_block,
            ))
        }

        /// The owners' part of the emission, in 65535ths. Root.
        #[pallet::call_index(28)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_subnet_owner_cut(
            origin: OriginFor<T>,
            subnet_owner_cut: u16,
        ) -> DispatchResult {
            ensure_root(origin)?;
            sub::SubnetOwnerCut::<T>::put(subnet_owner_cut);
            Self::notify(Notice::SubnetOwnerCutSet(subnet_owner_cut))
        }

        /// Blocks between two new subnets. Root.
        #[pallet::call_index(29)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_network_rate_limit(
            origin: OriginFor<T>,
            rate_limit: u64,
        ) -> DispatchResult {
            ensure_root(origin)?;
            sub::NetworkRateLimit::<T>::put(rate_limit);
            Self::notify(Notice::NetworkRateLimitSet(rate_limit))
        }

        /// Blocks of an epoch less one; 0 for no epochs. Root.
        #[pallet::call_index(30)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_tempo(origin: OriginFor<T>, netuid: NetUid, tempo: u16) -> DispatchResult {
            Self::by_root(origin, netuid)?;
            sub::Tempo::<T>::insert(netuid, tempo);
            Self::notify(Notice::TempoSet(netuid, tempo))
        }

        /// Without effect: no subnet makes room for another. Root.
        #[pallet::call_index(35)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_network_immunity_period(
            origin: OriginFor<T>,
            immunity_period: u64,
        ) -> DispatchResult {
            ensure_root(origin)?;
            sub::NetworkImmunityPeriod::<T>::put(immunity_period);
            Self::notify(Notice::NetworkImmunityPeriodSet(immunity_period))
        }

        /// Lowest price of a subnet, in RAO. Root.
        #[pallet::call_index(36)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_network_min_lock_cost(
            origin: OriginFor<T>,
            lock_cost: u64,
        ) -> DispatchResult {
            ensure_root(origin)?;
            sub::NetworkMinLockCost::<T>::put(lock_cost);
            Self::notify(Notice::NetworkMinLockCostSet(lock_cost))
        }

        /// Most subnets beside root. Root.
        #[pallet::call_index(37)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_subnet_limit(origin: OriginFor<T>, max_subnets: u16) -> DispatchResult {
            ensure_root(origin)?;
            sub::SubnetLimit::<T>::put(max_subnets);
            Self::notify(Notice::SubnetLimitSet(max_subnets))
        }

        /// Blocks in which the price of a subnet falls by the last one. Root.
        #[pallet::call_index(38)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_lock_reduction_interval(
            origin: OriginFor<T>,
            interval: u64,
        ) -> DispatchResult {
            ensure_root(origin)?;
            sub::NetworkLockReductionInterval::<T>::put(interval);
            Self::notify(Notice::NetworkLockCostReductionIntervalSet(interval))
        }

        /// Stake that a hotkey needs to set weights, in RAO. Root.
        #[pallet::call_index(42)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_stake_threshold(origin: OriginFor<T>, min_stake: u64) -> DispatchResult {
            ensure_root(origin)?;
            sub::StakeThreshold::<T>::put(min_stake);
            Self::notify(Notice::StakeThresholdSet(min_stake))
        }

        /// Least stake of a nominator, in RAO. Root.
        #[pallet::call_index(43)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_nominator_min_required_stake(
            origin: OriginFor<T>,
            min_stake: u64,
        ) -> DispatchResult {
            ensure_root(origin)?;
            sub::NominatorMinRequiredStake::<T>::put(min_stake);
            Ok(())
        }

        /// Blocks between two raises of a take. Root.
        #[pallet::call_index(45)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_tx_delegate_take_rate_limit(
            origin: OriginFor<T>,
            tx_rate_limit: u64,
        ) -> DispatchResult {
            ensure_root(origin)?;
            sub::TxDelegateTakeRateLimit::<T>::put(tx_rate_limit);
            Self::notify(Notice::TxDelegateTakeRateLimitSet(tx_rate_limit))
        }

        /// Smallest take of a delegate, in 65535ths. Root.
        #[pallet::call_index(46)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_min_delegate_take(origin: OriginFor<T>, take: u16) -> DispatchResult {
            ensure_root(origin)?;
            sub::MinDelegateTake::<T>::put(take);
            Self::notify(Notice::MinDelegateTakeSet(take))
        }

        /// Whether weights must be committed before they are shown. Owner.
        #[pallet::call_index(49)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_commit_reveal_weights_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::CommitRevealWeightsEnabled::<T>::insert(netuid, enabled);
            Ok(())
        }

        /// Without effect. Owner.
        #[pallet::call_index(50)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_liquid_alpha_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::LiquidAlphaOn::<T>::insert(netuid, enabled);
            Ok(())
        }

        /// Epochs between a commit and its reveal. Owner.
        #[pallet::call_index(57)]
        #[pallet::weight(setter::<T>())]
        pub fn sudo_set_commit_reveal_weights_interval(
            origin: OriginFor<T>,
            netuid: NetUid,
            interval: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid)?;
            sub::RevealPeriodEpochs::<T>::insert(netuid, interval);
            Ok(())
        }
    }

    impl<T: Config> Pallet<T> {
        fn by_owner(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
            Subtensor::<T>::ensure_subnet_owner_or_root(origin, netuid)?;
            Self::ensure_subnet(netuid)
        }

        fn by_root(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
            ensure_root(origin)?;
            Self::ensure_subnet(netuid)
        }

        fn ensure_subnet(netuid: NetUid) -> DispatchResult {
            let exists = Subtensor::<T>::subnet_exists(netuid);
            ensure!(exists, Error::<T>::SubnetDoesNotExist);
            Ok(())
        }

        fn set_max_allowed_uids(netuid: NetUid, uids: u16) -> DispatchResult {
            let taken = sub::SubnetworkN::<T>::get(netuid);
            ensure!(taken < uids, Error::<T>::MaxAllowedUIdsLessThanCurrentUIds);
            sub::MaxAllowedUids::<T>::insert(netuid, uids);
            Self::notify(Notice::MaxAllowedUidsSet(netuid, uids))
        }

        fn set_max_allowed_validators(netuid: NetUid, validators: u16) -> DispatchResult {
            let uids = sub::MaxAllowedUids::<T>::get(netuid);
            ensure!(
                validators <= uids,
                Error::<T>::MaxValidatorsLargerThanMaxUIds
            );
            sub::MaxAllowedValidators::<T>::insert(netuid, validators);
            Self::notify(Notice::MaxAllowedValidatorsSet(netuid, validators))
        }

        fn notify(event: Notice<T>) -> DispatchResult {
            Subtensor::<T>::deposit_event(event);
            Ok(())
        }
    }
}
