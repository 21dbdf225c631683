//! Calls with the chain's names, indices and arguments. `Owner` means the owner of the subnet or
//! root, `Root` means root alone.

#[frame_support::pallet_macros::pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Largest take of a delegate, in 65535ths. Root.
        #[pallet::call_index(1)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_default_take(origin: OriginFor<T>, default_take: u16) -> DispatchResult {
            Self::root_puts::<MaxDelegateTake<T>, _>(
                origin,
                default_take,
                Notice::MaxDelegateTakeSet,
            )
        }

        /// Blocks between two key swaps. Root.
        #[pallet::call_index(2)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_tx_rate_limit(origin: OriginFor<T>, tx_rate_limit: u64) -> DispatchResult {
            Self::root_puts::<TxRateLimit<T>, _>(origin, tx_rate_limit, Notice::TxRateLimitSet)
        }

        /// Blocks between two changes of an axon; 0 for no limit. Owner.
        #[pallet::call_index(3)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_serving_rate_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            serving_rate_limit: u64,
        ) -> DispatchResult {
            Self::owner_puts::<ServingRateLimit<T>, _>(
                origin,
                netuid,
                Hyperparameter::ServingRateLimit,
                serving_rate_limit,
                Notice::ServingRateLimitSet,
            )
        }

        /// Without effect: there is no proof of work. Root.
        #[pallet::call_index(4)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_min_difficulty(
            origin: OriginFor<T>,
            netuid: NetUid,
            min_difficulty: u64,
        ) -> DispatchResult {
            Self::root_puts_in_window::<MinDifficulty<T>, _>(
                origin,
                netuid,
                min_difficulty,
                Notice::MinDifficultySet,
            )
        }

        /// Without effect: there is no proof of work. Owner.
        #[pallet::call_index(5)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_max_difficulty(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_difficulty: u64,
        ) -> DispatchResult {
            Self::owner_puts::<MaxDifficulty<T>, _>(
                origin,
                netuid,
                Hyperparameter::MaxDifficulty,
                max_difficulty,
                Notice::MaxDifficultySet,
            )
        }

        /// Smallest version key that weights must carry; 0 for any. Owner.
        #[pallet::call_index(6)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_weights_version_key(
            origin: OriginFor<T>,
            netuid: NetUid,
            weights_version_key: u64,
        ) -> DispatchResult {
            Self::owner_puts::<WeightsVersionKey<T>, _>(
                origin,
                netuid,
                Limit::VersionKey,
                weights_version_key,
                Notice::WeightsVersionKeySet,
            )
        }

        /// Blocks between two weight vectors of a validator. Root.
        #[pallet::call_index(7)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_weights_set_rate_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            weights_set_rate_limit: u64,
        ) -> DispatchResult {
            Self::root_puts_on::<WeightsSetRateLimit<T>, _>(
                origin,
                netuid,
                weights_set_rate_limit,
                Notice::WeightsSetRateLimitSet,
            )
        }

        /// Without effect except on the root network. Root.
        #[pallet::call_index(8)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_adjustment_interval(
            origin: OriginFor<T>,
            netuid: NetUid,
            adjustment_interval: u16,
        ) -> DispatchResult {
            Self::root_puts_on::<AdjustmentInterval<T>, _>(
                origin,
                netuid,
                adjustment_interval,
                Notice::AdjustmentIntervalSet,
            )
        }

        /// Without effect. Owner.
        #[pallet::call_index(9)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_adjustment_alpha(
            origin: OriginFor<T>,
            netuid: NetUid,
            adjustment_alpha: u64,
        ) -> DispatchResult {
            Self::owner_puts::<AdjustmentAlpha<T>, _>(
                origin,
                netuid,
                Hyperparameter::AdjustmentAlpha,
                adjustment_alpha,
                Notice::AdjustmentAlphaSet,
            )
        }

        /// Blocks after registration during which a neuron is spared. Owner.
        #[pallet::call_index(13)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_immunity_period(
            origin: OriginFor<T>,
            netuid: NetUid,
            immunity_period: u16,
        ) -> DispatchResult {
            Self::owner_puts::<ImmunityPeriod<T>, _>(
                origin,
                netuid,
                Hyperparameter::ImmunityPeriod,
                immunity_period,
                Notice::ImmunityPeriodSet,
            )
        }

        /// Fewest entries of a weight vector. Owner.
        #[pallet::call_index(14)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_min_allowed_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            min_allowed_weights: u16,
        ) -> DispatchResult {
            Self::owner_puts::<MinAllowedWeights<T>, _>(
                origin,
                netuid,
                Hyperparameter::MinAllowedWeights,
                min_allowed_weights,
                Notice::MinAllowedWeightSet,
            )
        }

        /// Seats of a subnet, from the taken ones to 256. Owner.
        #[pallet::call_index(15)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_max_allowed_uids(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_allowed_uids: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::MaxAllowedUids, |_| {
                Self::set_max_allowed_uids(netuid, max_allowed_uids)
            })
        }

        /// Share of stake that consensus takes, in 65535ths. Root.
        #[pallet::call_index(16)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_kappa(origin: OriginFor<T>, netuid: NetUid, kappa: u16) -> DispatchResult {
            Self::root_puts_on::<Kappa<T>, _>(origin, netuid, kappa, Notice::KappaSet)
        }

        /// Without effect. Owner.
        #[pallet::call_index(17)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_rho(origin: OriginFor<T>, netuid: NetUid, rho: u16) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::Rho, |_| {
                Rho::<T>::insert(netuid, rho);
                Ok(())
            })
        }

        /// Without effect since the cutoff follows the tempo. Owner.
        #[pallet::call_index(18)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_activity_cutoff(
            origin: OriginFor<T>,
            netuid: NetUid,
            activity_cutoff: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::ActivityCutoff, |_| {
                let least = MinActivityCutoff::<T>::get();
                let low = Refusal::<T>::ActivityCutoffTooLow;
                ensure!(activity_cutoff >= least, low);
                ActivityCutoff::<T>::insert(netuid, activity_cutoff);
                Self::notify(Notice::ActivityCutoffSet(netuid, activity_cutoff));
                Ok(())
            })
        }

        /// Opens or closes a subnet. Root.
        #[pallet::call_index(19)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_network_registration_allowed(
            origin: OriginFor<T>,
            netuid: NetUid,
            registration_allowed: bool,
        ) -> DispatchResult {
            Self::root_puts_on::<NetworkRegistrationAllowed<T>, _>(
                origin,
                netuid,
                registration_allowed,
                Notice::RegistrationAllowed,
            )
        }

        /// Always refused: there is no proof of work.
        #[pallet::call_index(20)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_network_pow_registration_allowed(
            _origin: OriginFor<T>,
            _netuid: NetUid,
            _registration_allowed: bool,
        ) -> DispatchResult {
            Err(Error::<T>::POWRegistrationDisabled.into())
        }

        /// Without effect except on the root network. Root.
        #[pallet::call_index(21)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_target_registrations_per_interval(
            origin: OriginFor<T>,
            netuid: NetUid,
            target_registrations_per_interval: u16,
        ) -> DispatchResult {
            Self::root_puts_in_window::<TargetRegistrationsPerInterval<T>, _>(
                origin,
                netuid,
                target_registrations_per_interval,
                Notice::RegistrationPerIntervalSet,
            )
        }

        /// Lowest price of a registration, in RAO: below 1 TAO and below the highest. Owner.
        #[pallet::call_index(22)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_min_burn(
            origin: OriginFor<T>,
            netuid: NetUid,
            min_burn: TaoBalance,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::MinBurn, |_| {
                Self::set_min_burn(netuid, min_burn)
            })
        }

        /// Highest price of a registration, in RAO: above 0.1 TAO and above the lowest. Owner.
        #[pallet::call_index(23)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_max_burn(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_burn: TaoBalance,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::MaxBurn, |_| {
                Self::set_max_burn(netuid, max_burn)
            })
        }

        /// Without effect: there is no proof of work. Root.
        #[pallet::call_index(24)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_difficulty(
            origin: OriginFor<T>,
            netuid: NetUid,
            difficulty: u64,
        ) -> DispatchResult {
            Self::root_puts_in_window::<Difficulty<T>, _>(
                origin,
                netuid,
                difficulty,
                Notice::DifficultySet,
            )
        }

        /// Most validator permits, at most the seats. Root.
        #[pallet::call_index(25)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_max_allowed_validators(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_allowed_validators: u16,
        ) -> DispatchResult {
            Self::by_root_in_window(origin, netuid, || {
                Self::set_max_allowed_validators(netuid, max_allowed_validators)
            })
        }

        /// Weight of the old bonds, in millionths; the owner may go up to 975 000. Owner.
        #[pallet::call_index(26)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_bonds_moving_average(
            origin: OriginFor<T>,
            netuid: NetUid,
            bonds_moving_average: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::BondsMovingAverage, |root| {
                let moderate = root || bonds_moving_average <= 975_000;
                ensure!(moderate, Error::<T>::BondsMovingAverageMaxReached);
                BondsMovingAverage::<T>::insert(netuid, bonds_moving_average);
                Self::notify(Notice::BondsMovingAverageSet(netuid, bonds_moving_average));
                Ok(())
            })
        }

        /// Most registrations on the root network in a block. Root.
        #[pallet::call_index(27)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_max_registrations_per_block(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_registrations_per_block: u16,
        ) -> DispatchResult {
            Self::root_puts_in_window::<MaxRegistrationsPerBlock<T>, _>(
                origin,
                netuid,
                max_registrations_per_block,
                Notice::MaxRegistrationsPerBlockSet,
            )
        }

        /// The owners' part of the emission, in 65535ths. Root.
        #[pallet::call_index(28)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_subnet_owner_cut(
            origin: OriginFor<T>,
            subnet_owner_cut: u16,
        ) -> DispatchResult {
            Self::root_puts::<SubnetOwnerCut<T>, _>(
                origin,
                subnet_owner_cut,
                Notice::SubnetOwnerCutSet,
            )
        }

        /// Blocks between two registrations of a subnet. Root.
        #[pallet::call_index(29)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_network_rate_limit(
            origin: OriginFor<T>,
            rate_limit: u64,
        ) -> DispatchResult {
            Self::root_puts::<NetworkRateLimit<T>, _>(
                origin,
                rate_limit,
                Notice::NetworkRateLimitSet,
            )
        }

        /// Blocks from epoch to epoch; the next one is a whole tempo away. Root.
        #[pallet::call_index(30)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_tempo(origin: OriginFor<T>, netuid: NetUid, tempo: u16) -> DispatchResult {
            Self::by_root_in_window(origin, netuid, || {
                Subtensor::<T>::apply_tempo(netuid, tempo);
                Ok(())
            })
        }

        /// Always refused.
        #[pallet::call_index(33)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_total_issuance(
            _origin: OriginFor<T>,
            _total_issuance: TaoBalance,
        ) -> DispatchResult {
            Err(Error::<T>::Deprecated.into())
        }

        /// Blocks after registration during which a subnet is spared. Root.
        #[pallet::call_index(35)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_network_immunity_period(
            origin: OriginFor<T>,
            immunity_period: u64,
        ) -> DispatchResult {
            Self::root_puts::<NetworkImmunityPeriod<T>, _>(
                origin,
                immunity_period,
                Notice::NetworkImmunityPeriodSet,
            )
        }

        /// Lowest price of a subnet, in RAO. Root.
        #[pallet::call_index(36)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_network_min_lock_cost(
            origin: OriginFor<T>,
            lock_cost: TaoBalance,
        ) -> DispatchResult {
            Self::root_puts::<NetworkMinLockCost<T>, _>(
                origin,
                lock_cost,
                Notice::NetworkMinLockCostSet,
            )
        }

        /// Most subnets besides root. Root.
        #[pallet::call_index(37)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_subnet_limit(origin: OriginFor<T>, max_subnets: u16) -> DispatchResult {
            Self::root_puts::<SubnetLimit<T>, _>(origin, max_subnets, Notice::SubnetLimitSet)
        }

        /// Blocks in which the price of a subnet falls back. Root.
        #[pallet::call_index(38)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_lock_reduction_interval(
            origin: OriginFor<T>,
            interval: u64,
        ) -> DispatchResult {
            Self::root_puts::<NetworkLockReductionInterval<T>, _>(
                origin,
                interval,
                Notice::NetworkLockCostReductionIntervalSet,
            )
        }

        /// What registrations have cost so far, in RAO. Root.
        #[pallet::call_index(39)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_rao_recycled(
            origin: OriginFor<T>,
            netuid: NetUid,
            rao_recycled: TaoBalance,
        ) -> DispatchResult {
            Self::root_puts_on::<RAORecycledForRegistration<T>, _>(
                origin,
                netuid,
                rao_recycled,
                Notice::RAORecycledForRegistrationSet,
            )
        }

        /// Least stake of a validator, in RAO. Root.
        #[pallet::call_index(42)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_stake_threshold(origin: OriginFor<T>, min_stake: u64) -> DispatchResult {
            Self::root_puts::<StakeThreshold<T>, _>(origin, min_stake, Notice::StakeThresholdSet)
        }

        /// Least stake of a nominator, in millionths of 0.002 alpha. Root.
        #[pallet::call_index(43)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_nominator_min_required_stake(
            origin: OriginFor<T>,
            min_stake: u64,
        ) -> DispatchResult {
            ensure_root(origin)?;
            Self::set_nominator_minimum(min_stake)
        }

        /// Blocks between two increases of a take. Root.
        #[pallet::call_index(45)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_tx_delegate_take_rate_limit(
            origin: OriginFor<T>,
            tx_rate_limit: u64,
        ) -> DispatchResult {
            Self::root_puts::<TxDelegateTakeRateLimit<T>, _>(
                origin,
                tx_rate_limit,
                Notice::TxDelegateTakeRateLimitSet,
            )
        }

        /// Least take of a delegate, in 65535ths. Root.
        #[pallet::call_index(46)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_min_delegate_take(origin: OriginFor<T>, take: u16) -> DispatchResult {
            Self::root_puts::<MinDelegateTake<T>, _>(origin, take, Notice::MinDelegateTakeSet)
        }

        /// Whether weights are committed before they are shown. Owner.
        #[pallet::call_index(49)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_commit_reveal_weights_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::owner_puts::<CommitRevealWeightsEnabled<T>, _>(
                origin,
                netuid,
                Hyperparameter::CommitRevealEnabled,
                enabled,
                Notice::CommitRevealEnabled,
            )
        }

        /// Whether the bonds' average follows consensus. Owner.
        #[pallet::call_index(50)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_liquid_alpha_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::LiquidAlphaEnabled, |_| {
                LiquidAlphaOn::<T>::insert(netuid, enabled);
                Ok(())
            })
        }

        /// Bounds of liquid alpha, in 65535ths. Owner.
        #[pallet::call_index(51)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_alpha_values(
            origin: OriginFor<T>,
            netuid: NetUid,
            alpha_low: u16,
            alpha_high: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::AlphaValues, |_| {
                Self::set_alpha_values(netuid, alpha_low, alpha_high)
            })
        }

        /// Epochs from commit to reveal, 1 to 100. Owner.
        #[pallet::call_index(57)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_commit_reveal_weights_interval(
            origin: OriginFor<T>,
            netuid: NetUid,
            interval: u64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::WeightCommitInterval, |_| {
                Self::set_reveal_period(netuid, interval)
            })
        }

        /// How much of the clipped weights bonds see, in 65535ths. Owner.
        #[pallet::call_index(60)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_bonds_penalty(
            origin: OriginFor<T>,
            netuid: NetUid,
            bonds_penalty: u16,
        ) -> DispatchResult {
            Self::owner_puts::<BondsPenalty<T>, _>(
                origin,
                netuid,
                Hyperparameter::BondsPenalty,
                bonds_penalty,
                Notice::BondsPenaltySet,
            )
        }

        /// Whether stake may change its coldkey. Owner.
        #[pallet::call_index(61)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_toggle_transfer(
            origin: OriginFor<T>,
            netuid: NetUid,
            toggle: bool,
        ) -> DispatchResult {
            Self::owner_puts::<TransferToggle<T>, _>(
                origin,
                netuid,
                Hyperparameter::TransferEnabled,
                toggle,
                Notice::TransferToggle,
            )
        }

        /// Weight of the new price in the moving one. Root.
        #[pallet::call_index(63)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_subnet_moving_alpha(origin: OriginFor<T>, alpha: I96F32) -> DispatchResult {
            ensure_root(origin)?;
            SubnetMovingAlpha::<T>::put(alpha);
            Ok(())
        }

        /// The hotkey of a subnet's owner, once a week. Owner.
        #[pallet::call_index(64)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_subnet_owner_hotkey(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
        ) -> DispatchResult {
            Subtensor::<T>::set_owner_hotkey(origin, netuid, hotkey)
        }

        /// Blocks in which a moving price covers half of the way. Root.
        #[pallet::call_index(65)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_ema_price_halving_period(
            origin: OriginFor<T>,
            netuid: NetUid,
            ema_halving: u64,
        ) -> DispatchResult {
            Self::by_root(origin, netuid, || {
                EMAPriceHalvingBlocks::<T>::insert(netuid, ema_halving);
                Ok(())
            })
        }

        /// Whether the subnet's alpha can be staked. Root.
        #[pallet::call_index(66)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_subtoken_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            subtoken_enabled: bool,
        ) -> DispatchResult {
            Self::by_root_in_window(origin, netuid, || {
                SubtokenEnabled::<T>::insert(netuid, subtoken_enabled);
                Ok(())
            })
        }

        /// The hotkey of a subnet's owner, once a week. Owner.
        #[pallet::call_index(67)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_sn_owner_hotkey(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
        ) -> DispatchResult {
            Subtensor::<T>::set_owner_hotkey(origin, netuid, hotkey)
        }

        /// Steepness of liquid alpha; negative ones only by root. Owner.
        #[pallet::call_index(68)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_alpha_sigmoid_steepness(
            origin: OriginFor<T>,
            netuid: NetUid,
            steepness: i16,
        ) -> DispatchResult {
            Self::by_owner(
                origin,
                netuid,
                Hyperparameter::AlphaSigmoidSteepness,
                |root| {
                    ensure!(root || steepness >= 0, Error::<T>::NegativeSigmoidSteepness);
                    AlphaSigmoidSteepness::<T>::insert(netuid, steepness);
                    Ok(())
                },
            )
        }

        /// Yuma 3 or Yuma 2. Owner.
        #[pallet::call_index(69)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_yuma3_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::Yuma3Enabled, |_| {
                Yuma3On::<T>::insert(netuid, enabled);
                Self::deposit_event(Event::Yuma3EnableToggled { netuid, enabled });
                Ok(())
            })
        }

        /// Whether a commitment can reset the bonds on a neuron. Owner.
        #[pallet::call_index(70)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_bonds_reset_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::BondsResetEnabled, |_| {
                BondsResetOn::<T>::insert(netuid, enabled);
                Self::notify(Notice::BondsResetOnSet(netuid, enabled));
                Self::deposit_event(Event::BondsResetToggled { netuid, enabled });
                Ok(())
            })
        }

        /// Version that timelocked commits must name. Root.
        #[pallet::call_index(71)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_commit_reveal_version(
            origin: OriginFor<T>,
            version: u16,
        ) -> DispatchResult {
            Self::root_puts::<CommitRevealWeightsVersion<T>, _>(
                origin,
                version,
                Notice::CommitRevealVersionSet,
            )
        }

        /// Neurons of the owner that are never replaced, 1 to 10. Owner.
        #[pallet::call_index(72)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_owner_immune_neuron_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            immune_neurons: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::ImmuneNeuronLimit, |_| {
                let fits = (1..=10).contains(&immune_neurons);
                ensure!(fits, Refusal::<T>::InvalidValue);
                ImmuneOwnerUidsLimit::<T>::insert(netuid, immune_neurons);
                Ok(())
            })
        }

        /// Part of what a child earns for strangers that is recycled, out of `u64::MAX`. Root.
        #[pallet::call_index(73)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_ck_burn(origin: OriginFor<T>, burn: u64) -> DispatchResult {
            ensure_root(origin)?;
            CKBurn::<T>::put(burn);
            Ok(())
        }

        /// Blocks before an epoch in which setters are refused. Root.
        #[pallet::call_index(74)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_admin_freeze_window(origin: OriginFor<T>, window: u16) -> DispatchResult {
            Self::root_puts::<AdminFreezeWindow<T>, _>(origin, window, Notice::AdminFreezeWindowSet)
        }

        /// Tempos between two changes of a hyperparameter by the owner. Root.
        #[pallet::call_index(75)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_owner_hparam_rate_limit(
            origin: OriginFor<T>,
            epochs: u16,
        ) -> DispatchResult {
            Self::root_puts::<OwnerHyperparamRateLimit<T>, _>(
                origin,
                epochs,
                Notice::OwnerHyperparamRateLimitSet,
            )
        }

        /// How many mechanisms a subnet has. Owner.
        #[pallet::call_index(76)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_mechanism_count(
            origin: OriginFor<T>,
            netuid: NetUid,
            mechanism_count: MechId,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Limit::MechanismCount, |_| {
                Self::set_mechanism_count(netuid, mechanism_count)
            })
        }

        /// Parts of the mechanisms in the emission. Owner.
        #[pallet::call_index(77)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_mechanism_emission_split(
            origin: OriginFor<T>,
            netuid: NetUid,
            maybe_split: Option<Vec<u16>>,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Limit::MechanismSplit, |_| {
                Self::set_emission_split(netuid, maybe_split)
            })
        }

        /// Takes seats away, with the neurons that earn least. Owner.
        #[pallet::call_index(78)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_trim_to_max_allowed_uids(
            origin: OriginFor<T>,
            netuid: NetUid,
            max_n: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Limit::Trimming, |_| {
                Subtensor::<T>::trim_to_max_allowed_uids(netuid, max_n)
            })
        }

        /// Fewest seats that the owner may set. Root.
        #[pallet::call_index(79)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_min_allowed_uids(
            origin: OriginFor<T>,
            netuid: NetUid,
            min_allowed_uids: u16,
        ) -> DispatchResult {
            Self::by_root_in_window(origin, netuid, || {
                Self::set_min_allowed_uids(netuid, min_allowed_uids)
            })
        }

        /// What becomes of the incentive of the owner's neurons. Owner.
        #[pallet::call_index(80)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_recycle_or_burn(
            origin: OriginFor<T>,
            netuid: NetUid,
            recycle_or_burn: RecycleOrBurnEnum,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::RecycleOrBurn, |_| {
                RecycleOrBurn::<T>::insert(netuid, recycle_or_burn);
                Ok(())
            })
        }

        /// Neurons beyond their immunity that make immune ones safe. Root.
        #[pallet::call_index(84)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_min_non_immune_uids(
            origin: OriginFor<T>,
            netuid: NetUid,
            min: u16,
        ) -> DispatchResult {
            Self::root_puts_on::<MinNonImmuneUids<T>, _>(
                origin,
                netuid,
                min,
                Notice::MinNonImmuneUidsSet,
            )
        }

        /// Blocks from registration to the start of a subnet. Root.
        #[pallet::call_index(85)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_start_call_delay(origin: OriginFor<T>, delay: u64) -> DispatchResult {
            Self::root_puts::<StartCallDelay<T>, _>(origin, delay, Notice::StartCallDelaySet)
        }

        /// Most mechanisms of a subnet, 1 to 16. Root.
        #[pallet::call_index(88)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_max_mechanism_count(
            origin: OriginFor<T>,
            max_mechanism_count: MechId,
        ) -> DispatchResult {
            ensure_root(origin)?;
            Self::check_max_mechanisms(max_mechanism_count)?;
            MaxMechanismCount::<T>::put(max_mechanism_count);
            Ok(())
        }

        /// Blocks in which the price of a registration halves, 1 to 36 100. Owner.
        #[pallet::call_index(89)]
        #[pallet::weight((crate::gates::booked::<T>(), DispatchClass::Operational))]
        pub fn sudo_set_burn_half_life(
            origin: OriginFor<T>,
            netuid: NetUid,
            burn_half_life: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::BurnHalfLife, |_| {
                Self::check_burn_half_life(netuid, burn_half_life)?;
                BurnHalfLife::<T>::insert(netuid, burn_half_life);
                Self::deposit_event(Event::BurnHalfLifeSet {
                    netuid,
                    burn_half_life,
                });
                Ok(())
            })
        }

        /// Factor of the price at a registration, 1 to 3. Owner.
        #[pallet::call_index(90)]
        #[pallet::weight((crate::gates::booked::<T>(), DispatchClass::Operational))]
        pub fn sudo_set_burn_increase_mult(
            origin: OriginFor<T>,
            netuid: NetUid,
            burn_increase_mult: U64F64,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::BurnIncreaseMult, |_| {
                Self::check_burn_increase(netuid, burn_increase_mult)?;
                BurnIncreaseMult::<T>::insert(netuid, burn_increase_mult);
                Self::deposit_event(Event::BurnIncreaseMultSet {
                    netuid,
                    burn_increase_mult,
                });
                Ok(())
            })
        }

        /// Whether the owner gets a part of the emission. Owner.
        #[pallet::call_index(92)]
        #[pallet::weight((crate::gates::booked::<T>(), DispatchClass::Operational))]
        pub fn sudo_set_owner_cut_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Limit::Unlimited, |_| {
                Self::ensure_not_root_network(netuid)?;
                OwnerCutEnabled::<T>::insert(netuid, enabled);
                Ok(())
            })
        }

        /// Least childkey take on a subnet, in 65535ths. Owner.
        #[pallet::call_index(93)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_min_childkey_take_per_subnet(
            origin: OriginFor<T>,
            netuid: NetUid,
            take: u16,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Hyperparameter::MinChildkeyTake, |_| {
                Self::check_min_childkey_take(take)?;
                MinChildkeyTakePerSubnet::<T>::insert(netuid, take);
                Self::notify(Notice::MinChildKeyTakePerSubnetSet(netuid, take));
                Ok(())
            })
        }

        /// Whether the subnet's pool gets TAO. Root.
        #[pallet::call_index(94)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_subnet_emission_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_root(origin, netuid, || {
                Self::ensure_not_root_network(netuid)?;
                SubnetEmissionEnabled::<T>::insert(netuid, enabled);
                Self::deposit_event(Event::SubnetEmissionEnabledSet { netuid, enabled });
                Ok(())
            })
        }

        /// Without effect: stake is never locked. Owner.
        #[pallet::call_index(95)]
        #[pallet::weight((crate::gates::booked::<T>(), DispatchClass::Operational))]
        pub fn sudo_set_owner_cut_auto_lock_enabled(
            origin: OriginFor<T>,
            netuid: NetUid,
            enabled: bool,
        ) -> DispatchResult {
            Self::by_owner(origin, netuid, Limit::Unlimited, |_| {
                Self::ensure_not_root_network(netuid)?;
                OwnerCutAutoLockEnabled::<T>::insert(netuid, enabled);
                Ok(())
            })
        }

        /// Most epochs in a block, at least one. Root.
        #[pallet::call_index(96)]
        #[pallet::weight(crate::gates::booked::<T>())]
        pub fn sudo_set_max_epochs_per_block(
            origin: OriginFor<T>,
            max_epochs_per_block: u8,
        ) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(max_epochs_per_block >= 1, Error::<T>::ValueNotInBounds);
            MaxEpochsPerBlock::<T>::put(max_epochs_per_block);
            Self::notify(Notice::MaxEpochsPerBlockSet(max_epochs_per_block));
            Ok(())
        }
    }
}
