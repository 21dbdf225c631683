//! Calls with the chain's names, indices, argument order and booked weights.

use crate::pallet::Config;
use frame_support::traits::Get;
use frame_support::weights::Weight;

/// What the chain books for a call: reference time in picoseconds, storage reads and writes.
pub(crate) fn booked<T: Config>(ref_time: u64, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(ref_time, 0).saturating_add(T::DbWeight::get().reads_writes(reads, writes))
}

#[frame_support::pallet_macros::pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets the signer's weights on a subnet.
        #[pallet::call_index(0)]
        #[pallet::weight((crate::calls::booked::<T>(15_513_610_000, 4112, 2), DispatchClass::Normal, Pays::No))]
        pub fn set_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            Self::do_set_weights(origin, netuid, 0, dests, weights, version_key)
        }

        /// The same for one mechanism of the subnet.
        #[pallet::call_index(119)]
        #[pallet::weight((crate::calls::booked::<T>(15_540_000_000, 4111, 2), DispatchClass::Normal, Pays::No))]
        pub fn set_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            Self::do_set_weights(origin, netuid, mecid, dests, weights, version_key)
        }

        /// Sets weights on several subnets; look at the events for what failed.
        #[pallet::call_index(80)]
        #[pallet::weight((crate::calls::booked::<T>(103_092_000, 16, 2), DispatchClass::Normal, Pays::No))]
        pub fn batch_set_weights(
            origin: OriginFor<T>,
            netuids: Vec<codec::Compact<NetUid>>,
            weights: Vec<Vec<(codec::Compact<u16>, codec::Compact<u16>)>>,
            version_keys: Vec<codec::Compact<u64>>,
        ) -> DispatchResult {
            Self::do_batch_set_weights(origin, netuids, weights, version_keys)
        }

        /// Commits to weights by their hash.
        #[pallet::call_index(96)]
        #[pallet::weight((crate::calls::booked::<T>(69_049_000, 13, 2), DispatchClass::Normal, Pays::No))]
        pub fn commit_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            commit_hash: H256,
        ) -> DispatchResult {
            Self::do_commit_weights(origin, netuid, 0, commit_hash)
        }

        /// The same for one mechanism of the subnet.
        #[pallet::call_index(115)]
        #[pallet::weight((crate::calls::booked::<T>(55_130_000, 7, 2), DispatchClass::Normal, Pays::No))]
        pub fn commit_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            commit_hash: H256,
        ) -> DispatchResult {
            Self::do_commit_weights(origin, netuid, mecid, commit_hash)
        }

        /// Commits on several subnets; look at the events for what failed.
        #[pallet::call_index(100)]
        #[pallet::weight((crate::calls::booked::<T>(147_000_000, 15, 2), DispatchClass::Normal, Pays::No))]
        pub fn batch_commit_weights(
            origin: OriginFor<T>,
            netuids: Vec<codec::Compact<NetUid>>,
            commit_hashes: Vec<H256>,
        ) -> DispatchResult {
            Self::do_batch_commit_weights(origin, netuids, commit_hashes)
        }

        /// Shows weights that were committed before, in the epoch for it.
        #[pallet::call_index(97)]
        #[pallet::weight((crate::calls::booked::<T>(111_000_000, 19, 2), DispatchClass::Normal, Pays::No))]
        pub fn reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids: Vec<u16>,
            values: Vec<u16>,
            salt: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let revealed = crate::commits::Revealed {
                uids,
                values,
                salt,
                version_key,
            };
            Self::do_reveal_weights(origin, netuid, 0, revealed)
        }

        /// The same for one mechanism of the subnet.
        #[pallet::call_index(116)]
        #[pallet::weight((crate::calls::booked::<T>(122_000_000, 16, 2), DispatchClass::Normal, Pays::No))]
        pub fn reveal_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            uids: Vec<u16>,
            values: Vec<u16>,
            salt: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let revealed = crate::commits::Revealed {
                uids,
                values,
                salt,
                version_key,
            };
            Self::do_reveal_weights(origin, netuid, mecid, revealed)
        }

        /// Shows several commits on a subnet, all or none.
        #[pallet::call_index(98)]
        #[pallet::weight((crate::calls::booked::<T>(421_000_000, 19, 2), DispatchClass::Normal, Pays::No))]
        pub fn batch_reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids_list: Vec<Vec<u16>>,
            values_list: Vec<Vec<u16>>,
            salts_list: Vec<Vec<u16>>,
            version_keys: Vec<u64>,
        ) -> DispatchResult {
            let reveals =
                crate::commits::zip_reveals(uids_list, values_list, salts_list, version_keys);
            Self::do_batch_reveal_weights(origin, netuid, reveals)
        }

        /// Commits to weights that the chain opens itself when the beacon reaches the round.
        #[pallet::call_index(113)]
        #[pallet::weight((crate::calls::booked::<T>(87_000_000, 14, 2), DispatchClass::Normal, Pays::No))]
        pub fn commit_timelocked_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            commit: CommitBytes,
            reveal_round: u64,
            commit_reveal_version: u16,
        ) -> DispatchResult {
            Self::do_commit_timelocked(
                origin,
                netuid,
                0,
                commit,
                reveal_round,
                commit_reveal_version,
            )
        }

        /// The same for one mechanism of the subnet.
        #[pallet::call_index(118)]
        #[pallet::weight((crate::calls::booked::<T>(84_020_000, 9, 2), DispatchClass::Normal, Pays::No))]
        pub fn commit_timelocked_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            commit: CommitBytes,
            reveal_round: u64,
            commit_reveal_version: u16,
        ) -> DispatchResult {
            Self::do_commit_timelocked(
                origin,
                netuid,
                mecid,
                commit,
                reveal_round,
                commit_reveal_version,
            )
        }

        /// The same without a version, which is taken as 4.
        #[pallet::call_index(117)]
        #[pallet::weight((crate::calls::booked::<T>(77_750_000, 7, 2), DispatchClass::Normal, Pays::No))]
        pub fn commit_crv3_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            commit: CommitBytes,
            reveal_round: u64,
        ) -> DispatchResult {
            let version = crate::timelocked::CRV3_VERSION;
            Self::do_commit_timelocked(origin, netuid, mecid, commit, reveal_round, version)
        }

        /// Turns the signer's TAO into alpha held with a hotkey.
        #[pallet::call_index(2)]
        #[pallet::weight((crate::calls::booked::<T>(664_000_000, 32, 16), DispatchClass::Normal, Pays::Yes))]
        pub fn add_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_staked: TaoBalance,
        ) -> DispatchResult {
            Self::do_add_stake(origin, hotkey, netuid, amount_staked, None)
        }

        /// Turns alpha back into TAO.
        #[pallet::call_index(3)]
        #[pallet::weight((crate::calls::booked::<T>(569_000_000, 28, 13), DispatchClass::Normal, Pays::Yes))]
        pub fn remove_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_unstaked: AlphaBalance,
        ) -> DispatchResult {
            Self::do_remove_stake(origin, hotkey, netuid, amount_unstaked)
        }

        /// `add_stake` unless the price is above the limit.
        #[pallet::call_index(88)]
        #[pallet::weight((crate::calls::booked::<T>(853_000_000, 32, 16), DispatchClass::Normal, Pays::Yes))]
        pub fn add_stake_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_staked: TaoBalance,
            limit_price: TaoBalance,
            allow_partial: bool,
        ) -> DispatchResult {
            let limit = crate::market::Limit {
                price: limit_price,
                allow_partial,
            };
            Self::do_add_stake(origin, hotkey, netuid, amount_staked, Some(limit))
        }

        /// `remove_stake` unless the price is below the limit.
        #[pallet::call_index(89)]
        #[pallet::weight((crate::calls::booked::<T>(741_000_000, 27, 13), DispatchClass::Normal, Pays::Yes))]
        pub fn remove_stake_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_unstaked: AlphaBalance,
            limit_price: TaoBalance,
            allow_partial: bool,
        ) -> DispatchResult {
            let limit = crate::market::Limit {
                price: limit_price,
                allow_partial,
            };
            Self::do_remove_stake_limit(origin, hotkey, netuid, amount_unstaked, limit)
        }

        /// Removes all that the signer holds with the hotkey on the subnet.
        #[pallet::call_index(103)]
        #[pallet::weight((crate::calls::booked::<T>(741_000_000, 28, 14), DispatchClass::Normal, Pays::Yes))]
        pub fn remove_stake_full_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            limit_price: Option<TaoBalance>,
        ) -> DispatchResult {
            Self::do_remove_stake_full_limit(origin, hotkey, netuid, limit_price)
        }

        /// Removes all that the signer holds with the hotkey anywhere.
        #[pallet::call_index(83)]
        #[pallet::weight((crate::calls::booked::<T>(28_830_000, 6, 0), DispatchClass::Normal, Pays::Yes))]
        pub fn unstake_all(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            Self::do_unstake_all(origin, hotkey)
        }

        /// Publishes the signer's endpoint.
        #[pallet::call_index(4)]
        #[pallet::weight((crate::calls::booked::<T>(31_000_000, 3, 1), DispatchClass::Normal, Pays::No))]
        pub fn serve_axon(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
        ) -> DispatchResult {
            let axon = AxonInfo {
                block: 0,
                version,
                ip,
                port,
                ip_type,
                protocol,
                placeholder1,
                placeholder2,
            };
            Self::do_serve_axon(origin, netuid, axon, None)
        }

        /// `serve_axon` with a public key.
        #[pallet::call_index(40)]
        #[pallet::weight((crate::calls::booked::<T>(31_000_000, 3, 1), DispatchClass::Normal, Pays::No))]
        pub fn serve_axon_tls(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
            certificate: Vec<u8>,
        ) -> DispatchResult {
            let axon = AxonInfo {
                block: 0,
                version,
                ip,
                port,
                ip_type,
                protocol,
                placeholder1,
                placeholder2,
            };
            Self::do_serve_axon(origin, netuid, axon, Some(certificate))
        }

        /// Publishes where the signer's metrics are read.
        #[pallet::call_index(5)]
        #[pallet::weight((crate::calls::booked::<T>(29_000_000, 3, 1), DispatchClass::Normal, Pays::No))]
        pub fn serve_prometheus(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
        ) -> DispatchResult {
            let info = PrometheusInfo {
                block: 0,
                version,
                ip,
                port,
                ip_type,
            };
            Self::do_serve_prometheus(origin, netuid, info)
        }

        /// `burned_register` by the name that once asked for work.
        #[pallet::call_index(6)]
        #[pallet::weight((crate::calls::booked::<T>(350_000_000, 34, 29), DispatchClass::Normal, Pays::Yes))]
        pub fn register(
            origin: OriginFor<T>,
            netuid: NetUid,
            _block_number: u64,
            _nonce: u64,
            _work: Vec<u8>,
            hotkey: T::AccountId,
            _coldkey: T::AccountId,
        ) -> DispatchResult {
            Self::do_register(origin, netuid, hotkey)
        }

        /// Registers a hotkey of the signer for the current price.
        #[pallet::call_index(7)]
        #[pallet::weight((crate::calls::booked::<T>(337_000_000, 34, 29), DispatchClass::Normal, Pays::Yes))]
        pub fn burned_register(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
        ) -> DispatchResult {
            Self::do_register(origin, netuid, hotkey)
        }

        /// `burned_register` unless the price is above the limit.
        #[pallet::call_index(134)]
        #[pallet::weight((crate::calls::booked::<T>(354_200_000, 47, 40), DispatchClass::Normal, Pays::Yes))]
        pub fn register_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
            limit_price: u64,
        ) -> DispatchResult {
            Self::do_register_limit(origin, netuid, hotkey, limit_price)
        }

        /// Creates a subnet of the signer.
        #[pallet::call_index(59)]
        #[pallet::weight((crate::calls::booked::<T>(277_000_000, 40, 48), DispatchClass::Normal, Pays::Yes))]
        pub fn register_network(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            Self::do_register_network(origin, hotkey, None)
        }

        /// Creates a subnet with a name.
        #[pallet::call_index(79)]
        #[pallet::weight((crate::calls::booked::<T>(277_000_000, 39, 48), DispatchClass::Normal, Pays::Yes))]
        pub fn register_network_with_identity(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            identity: Option<SubnetIdentityV3>,
        ) -> DispatchResult {
            Self::do_register_network(origin, hotkey, identity)
        }

        /// Starts staking and emission on the signer's subnet.
        #[pallet::call_index(92)]
        #[pallet::weight((crate::calls::booked::<T>(39_000_000, 5, 2), DispatchClass::Normal, Pays::Yes))]
        pub fn start_call(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
            Self::do_start_call(origin, netuid)
        }

        /// Removes a subnet (root).
        #[pallet::call_index(61)]
        #[pallet::weight((crate::calls::booked::<T>(119_000_000, 6, 31), DispatchClass::Normal, Pays::Yes))]
        pub fn dissolve_network(
            origin: OriginFor<T>,
            _coldkey: T::AccountId,
            netuid: NetUid,
        ) -> DispatchResult {
            frame_system::ensure_root(origin)?;
            Self::do_dissolve_network(netuid)
        }

        /// Removes a subnet (root).
        #[pallet::call_index(120)]
        #[pallet::weight((crate::calls::booked::<T>(119_000_000, 6, 31), DispatchClass::Normal, Pays::Yes))]
        pub fn root_dissolve_network(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
            frame_system::ensure_root(origin)?;
            Self::do_dissolve_network(netuid)
        }

        /// Pairs a hotkey that nobody owns with the signer.
        #[pallet::call_index(91)]
        #[pallet::weight((crate::calls::booked::<T>(31_000_000, 3, 3), DispatchClass::Normal, Pays::Yes))]
        pub fn try_associate_hotkey(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            Self::do_try_associate_hotkey(origin, hotkey)
        }

        /// Lowers the share that the signer's validator keeps of its dividends.
        #[pallet::call_index(65)]
        #[pallet::weight((crate::calls::booked::<T>(29_000_000, 4, 2), DispatchClass::Normal, Pays::No))]
        pub fn decrease_take(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            take: u16,
        ) -> DispatchResult {
            Self::do_decrease_take(origin, hotkey, take)
        }

        /// Raises it, once in `TxDelegateTakeRateLimit` blocks.
        #[pallet::call_index(66)]
        #[pallet::weight((crate::calls::booked::<T>(36_000_000, 5, 2), DispatchClass::Normal, Pays::No))]
        pub fn increase_take(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            take: u16,
        ) -> DispatchResult {
            Self::do_increase_take(origin, hotkey, take)
        }

        /// Names the signer.
        #[pallet::call_index(68)]
        #[pallet::weight((crate::calls::booked::<T>(35_000_000, 3, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn set_identity(
            origin: OriginFor<T>,
            name: Vec<u8>,
            url: Vec<u8>,
            github_repo: Vec<u8>,
            image: Vec<u8>,
            discord: Vec<u8>,
            description: Vec<u8>,
            additional: Vec<u8>,
        ) -> DispatchResult {
            let identity = ChainIdentityV2 {
                name,
                url,
                github_repo,
                image,
                discord,
                description,
                additional,
            };
            Self::do_set_identity(origin, identity)
        }

        /// Names the signer's subnet.
        #[pallet::call_index(78)]
        #[pallet::weight((crate::calls::booked::<T>(22_000_000, 1, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn set_subnet_identity(
            origin: OriginFor<T>,
            netuid: NetUid,
            subnet_name: Vec<u8>,
            github_repo: Vec<u8>,
            subnet_contact: Vec<u8>,
            subnet_url: Vec<u8>,
            discord: Vec<u8>,
            description: Vec<u8>,
            logo_url: Vec<u8>,
            additional: Vec<u8>,
        ) -> DispatchResult {
            let identity = SubnetIdentityV3 {
                subnet_name,
                github_repo,
                subnet_contact,
                subnet_url,
                discord,
                description,
                logo_url,
                additional,
            };
            Self::do_set_subnet_identity(origin, netuid, identity)
        }

        /// Asks for an epoch of the signer's subnet after the freeze window.
        #[pallet::call_index(141)]
        #[pallet::weight((crate::calls::booked::<T>(40_000_000, 7, 2), DispatchClass::Normal, Pays::Yes))]
        pub fn trigger_epoch(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
            Self::do_trigger_epoch(origin, netuid)
        }

        /// Turns all that the signer holds with the hotkey on other subnets into root stake.
        #[pallet::call_index(84)]
        #[pallet::weight((crate::calls::booked::<T>(700_873_000, 43, 25), DispatchClass::Normal, Pays::Yes))]
        pub fn unstake_all_alpha(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            Self::do_unstake_all_alpha(origin, hotkey)
        }

        /// Moves stake to another hotkey.
        #[pallet::call_index(85)]
        #[pallet::weight((crate::calls::booked::<T>(216_061_000, 19, 7), DispatchClass::Normal, Pays::Yes))]
        pub fn move_stake(
            origin: OriginFor<T>,
            origin_hotkey: T::AccountId,
            destination_hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
        ) -> DispatchResult {
            Self::do_move_stake(
                origin,
                origin_hotkey,
                destination_hotkey,
                origin_netuid,
                destination_netuid,
                alpha_amount,
            )
        }

        /// Gives stake to another coldkey.
        #[pallet::call_index(86)]
        #[pallet::weight((crate::calls::booked::<T>(258_541_000, 19, 6), DispatchClass::Normal, Pays::Yes))]
        pub fn transfer_stake(
            origin: OriginFor<T>,
            destination_coldkey: T::AccountId,
            hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
        ) -> DispatchResult {
            Self::do_transfer_stake(
                origin,
                destination_coldkey,
                hotkey,
                origin_netuid,
                destination_netuid,
                alpha_amount,
            )
        }

        /// Moves stake to another subnet.
        #[pallet::call_index(87)]
        #[pallet::weight((crate::calls::booked::<T>(742_019_000, 47, 24), DispatchClass::Normal, Pays::Yes))]
        pub fn swap_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
        ) -> DispatchResult {
            Self::do_swap_stake(
                origin,
                hotkey,
                origin_netuid,
                destination_netuid,
                alpha_amount,
                None,
            )
        }

        /// `swap_stake` unless the price is below the limit.
        #[pallet::call_index(90)]
        #[pallet::weight((crate::calls::booked::<T>(944_515_000, 47, 24), DispatchClass::Normal, Pays::Yes))]
        pub fn swap_stake_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
            limit_price: TaoBalance,
            allow_partial: bool,
        ) -> DispatchResult {
            let limit = crate::market::Limit {
                price: limit_price,
                allow_partial,
            };
            Self::do_swap_stake(
                origin,
                hotkey,
                origin_netuid,
                destination_netuid,
                alpha_amount,
                Some(limit),
            )
        }

        /// Destroys alpha of the signer, which may then be issued again.
        #[pallet::call_index(101)]
        #[pallet::weight((crate::calls::booked::<T>(172_139_000, 13, 6), DispatchClass::Normal, Pays::Yes))]
        pub fn recycle_alpha(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            amount: AlphaBalance,
            netuid: NetUid,
        ) -> DispatchResult {
            Self::do_recycle_alpha(origin, hotkey, amount, netuid)
        }

        /// Destroys alpha of the signer for good.
        #[pallet::call_index(102)]
        #[pallet::weight((crate::calls::booked::<T>(168_964_000, 12, 4), DispatchClass::Normal, Pays::Yes))]
        pub fn burn_alpha(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            amount: AlphaBalance,
            netuid: NetUid,
        ) -> DispatchResult {
            Self::do_burn_alpha(origin, hotkey, amount, netuid)
        }

        /// Stakes TAO and burns the alpha.
        #[pallet::call_index(132)]
        #[pallet::weight((crate::calls::booked::<T>(967_308_000, 33, 17), DispatchClass::Normal, Pays::Yes))]
        pub fn add_stake_burn(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount: TaoBalance,
            limit: Option<TaoBalance>,
        ) -> DispatchResult {
            Self::do_add_stake_burn(origin, hotkey, netuid, amount, limit)
        }

        /// Where the incentive of the signer's neurons goes.
        #[pallet::call_index(114)]
        #[pallet::weight((crate::calls::booked::<T>(33_853_000, 4, 2), DispatchClass::Normal, Pays::Yes))]
        pub fn set_coldkey_auto_stake_hotkey(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
        ) -> DispatchResult {
            Self::do_set_auto_stake(origin, netuid, hotkey)
        }

        /// Lends parts of a hotkey's stake to others, out of `u64::MAX`.
        #[pallet::call_index(67)]
        #[pallet::weight((crate::calls::booked::<T>(119_000_000, 6, 31), DispatchClass::Normal, Pays::Yes))]
        pub fn set_children(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            children: Vec<(u64, T::AccountId)>,
        ) -> DispatchResult {
            Self::do_set_children(origin, hotkey, netuid, children)
        }

        /// The share that a child keeps of its parents' dividends, in 65535ths.
        #[pallet::call_index(75)]
        #[pallet::weight((crate::calls::booked::<T>(53_870_000, 7, 2), DispatchClass::Normal, Pays::Yes))]
        pub fn set_childkey_take(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            take: u16,
        ) -> DispatchResult {
            Self::do_set_childkey_take(origin, hotkey, netuid, take)
        }

        /// Blocks between two increases of a childkey take. Root.
        #[pallet::call_index(69)]
        #[pallet::weight((crate::calls::booked::<T>(5_760_000, 0, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn sudo_set_tx_childkey_take_rate_limit(
            origin: OriginFor<T>,
            tx_rate_limit: u64,
        ) -> DispatchResult {
            frame_system::ensure_root(origin)?;
            TxChildkeyTakeRateLimit::<T>::put(tx_rate_limit);
            Self::deposit_event(Event::TxChildKeyTakeRateLimitSet(tx_rate_limit));
            Ok(())
        }

        /// Least childkey take, in 65535ths. Root.
        #[pallet::call_index(76)]
        #[pallet::weight((crate::calls::booked::<T>(6_000_000, 0, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn sudo_set_min_childkey_take(origin: OriginFor<T>, take: u16) -> DispatchResult {
            frame_system::ensure_root(origin)?;
            MinChildkeyTake::<T>::put(take);
            Self::deposit_event(Event::MinChildKeyTakeSet(take));
            Ok(())
        }

        /// Largest childkey take, in 65535ths. Root.
        #[pallet::call_index(77)]
        #[pallet::weight((crate::calls::booked::<T>(6_000_000, 0, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn sudo_set_max_childkey_take(origin: OriginFor<T>, take: u16) -> DispatchResult {
            frame_system::ensure_root(origin)?;
            MaxChildkeyTake::<T>::put(take);
            Self::deposit_event(Event::MaxChildKeyTakeSet(take));
            Ok(())
        }

        /// Blocks that children wait for their first epoch. Root.
        #[pallet::call_index(109)]
        #[pallet::weight((crate::calls::booked::<T>(2_805_000, 0, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn set_pending_childkey_cooldown(
            origin: OriginFor<T>,
            cooldown: u64,
        ) -> DispatchResult {
            frame_system::ensure_root(origin)?;
            PendingChildKeyCooldown::<T>::put(cooldown);
            Ok(())
        }

        /// Whether a root validator lends its stake to owners of new subnets.
        #[pallet::call_index(135)]
        #[pallet::weight((crate::calls::booked::<T>(28_023_000, 2, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn set_auto_parent_delegation_enabled(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            enabled: bool,
        ) -> DispatchResult {
            Self::do_set_auto_parent_delegation(origin, hotkey, enabled)
        }

        /// Puts another hotkey in the place of one, on all subnets or one.
        #[pallet::call_index(70)]
        #[pallet::weight((crate::calls::booked::<T>(1_242_038_000, 182, 99), DispatchClass::Normal, Pays::Yes))]
        pub fn swap_hotkey(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            new_hotkey: T::AccountId,
            netuid: Option<NetUid>,
        ) -> DispatchResult {
            Self::do_swap_hotkey(origin, hotkey, new_hotkey, netuid, false)
        }

        /// The same; the stake may stay with the old one.
        #[pallet::call_index(72)]
        #[pallet::weight((crate::calls::booked::<T>(275_300_000, 52, 37), DispatchClass::Normal, Pays::Yes))]
        pub fn swap_hotkey_v2(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            new_hotkey: T::AccountId,
            netuid: Option<NetUid>,
            keep_stake: bool,
        ) -> DispatchResult {
            Self::do_swap_hotkey(origin, hotkey, new_hotkey, netuid, keep_stake)
        }

        /// Takes a seat on the root network.
        #[pallet::call_index(62)]
        #[pallet::weight((crate::calls::booked::<T>(103_934_000, 19, 16), DispatchClass::Normal, Pays::Yes))]
        pub fn root_register(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            Self::do_root_register(origin, hotkey)
        }

        /// 1000 TAO for a little work.
        #[pallet::call_index(60)]
        #[pallet::weight((crate::calls::booked::<T>(91_000_000, 27, 22), DispatchClass::Normal, Pays::No))]
        pub fn faucet(
            origin: OriginFor<T>,
            block_number: u64,
            nonce: u64,
            work: Vec<u8>,
        ) -> DispatchResult {
            Self::do_faucet(origin, block_number, nonce, work)
        }

        /// The letter of a subnet's alpha.
        #[pallet::call_index(112)]
        #[pallet::weight((crate::calls::booked::<T>(28_313_000, 4, 1), DispatchClass::Normal, Pays::Yes))]
        pub fn update_symbol(
            origin: OriginFor<T>,
            netuid: NetUid,
            symbol: Vec<u8>,
        ) -> DispatchResult {
            Self::do_update_symbol(origin, netuid, symbol)
        }

        /// Blocks from epoch to epoch of the signer's subnet, once in 360 blocks.
        #[pallet::call_index(139)]
        #[pallet::weight((crate::calls::booked::<T>(46_407_000, 6, 3), DispatchClass::Normal, Pays::Yes))]
        pub fn set_tempo(origin: OriginFor<T>, netuid: NetUid, tempo: u16) -> DispatchResult {
            Self::do_set_tempo(origin, netuid, tempo)
        }

        /// Thousandths of a tempo until a silent validator counts as inactive.
        #[pallet::call_index(140)]
        #[pallet::weight((crate::calls::booked::<T>(39_193_000, 7, 2), DispatchClass::Normal, Pays::Yes))]
        pub fn set_activity_cutoff_factor(
            origin: OriginFor<T>,
            netuid: NetUid,
            factor_milli: u32,
        ) -> DispatchResult {
            Self::do_set_activity_cutoff_factor(origin, netuid, factor_milli)
        }
    }
}
