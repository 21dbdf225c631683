//! Calls with the names, indices, argument order and booked weights of spec 218. Nearly all of them
//! are free of fees, as they were.

use crate::pallet::Config;
use frame_support::traits::Get;
use frame_support::weights::Weight;

/// What the chain booked for a call: reference time in picoseconds, storage reads and writes.
pub(crate) fn booked<T: Config>(ref_time: u64, reads: u64, writes: u64) -> Weight {
    Weight::from_parts(ref_time, 0).saturating_add(T::DbWeight::get().reads_writes(reads, writes))
}

#[frame_support::pallet_macros::pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets the signer's weights on a subnet.
        #[pallet::call_index(0)]
        #[pallet::weight((crate::calls::booked::<T>(22_060_000_000, 4106, 2), DispatchClass::Normal, Pays::No))]
        pub fn set_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            Self::do_set_plain_weights(origin, netuid, dests, weights, version_key)
        }

        /// Sets weights on several subnets; look at the events for what failed.
        #[pallet::call_index(80)]
        #[pallet::weight((crate::calls::booked::<T>(22_060_000_000, 4106, 2), DispatchClass::Normal, Pays::No))]
        pub fn batch_set_weights(
            origin: OriginFor<T>,
            netuids: Vec<Compact<u16>>,
            weights: Vec<Vec<(Compact<u16>, Compact<u16>)>>,
            version_keys: Vec<Compact<u64>>,
        ) -> DispatchResult {
            Self::do_batch_set_weights(origin, netuids, weights, version_keys)
        }

        /// Commits to weights that the signer reveals in a later epoch.
        #[pallet::call_index(96)]
        #[pallet::weight((crate::calls::booked::<T>(46_000_000, 1, 1), DispatchClass::Normal, Pays::No))]
        pub fn commit_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            commit_hash: H256,
        ) -> DispatchResult {
            Self::do_commit_weights(origin, netuid, commit_hash)
        }

        /// Commits on several subnets; look at the events for what failed.
        #[pallet::call_index(100)]
        #[pallet::weight((crate::calls::booked::<T>(46_000_000, 1, 2), DispatchClass::Normal, Pays::No))]
        pub fn batch_commit_weights(
            origin: OriginFor<T>,
            netuids: Vec<Compact<u16>>,
            commit_hashes: Vec<H256>,
        ) -> DispatchResult {
            Self::do_batch_commit_weights(origin, netuids, commit_hashes)
        }

        /// Reveals what a commit of the signer hid, and sets it.
        #[pallet::call_index(97)]
        #[pallet::weight((crate::calls::booked::<T>(103_000_000, 11, 3), DispatchClass::Normal, Pays::No))]
        pub fn reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids: Vec<u16>,
            values: Vec<u16>,
            salt: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let reveal = crate::commits::Reveal {
                uids,
                values,
                salt,
                version_key,
            };
            Self::do_reveal_weights(origin, netuid, reveal)
        }

        /// Reveals several commits of one subnet, all or none.
        #[pallet::call_index(98)]
        #[pallet::weight((crate::calls::booked::<T>(367_612_000, 14, 3), DispatchClass::Normal, Pays::No))]
        pub fn batch_reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids_list: Vec<Vec<u16>>,
            values_list: Vec<Vec<u16>>,
            salts_list: Vec<Vec<u16>>,
            version_keys: Vec<u64>,
        ) -> DispatchResult {
            let lists = (uids_list, values_list, salts_list, version_keys);
            Self::do_batch_reveal_weights(origin, netuid, lists)
        }

        /// Opens the signer's hotkey to stake of others, with the default take.
        #[pallet::call_index(1)]
        #[pallet::weight((crate::calls::booked::<T>(79_000_000, 6, 3), DispatchClass::Normal, Pays::No))]
        pub fn become_delegate(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            Self::do_become_delegate(origin, hotkey)
        }

        /// Lowers the share of dividends that a hotkey's owner keeps.
        #[pallet::call_index(65)]
        #[pallet::weight((0, DispatchClass::Normal, Pays::No))]
        pub fn decrease_take(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            take: u16,
        ) -> DispatchResult {
            Self::do_decrease_take(origin, hotkey, take)
        }

        /// Raises it, once in a while.
        #[pallet::call_index(66)]
        #[pallet::weight((0, DispatchClass::Normal, Pays::No))]
        pub fn increase_take(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            take: u16,
        ) -> DispatchResult {
            Self::do_increase_take(origin, hotkey, take)
        }

        /// Stakes the signer's TAO with a hotkey, for all subnets at once.
        #[pallet::call_index(2)]
        #[pallet::weight((crate::calls::booked::<T>(124_000_000, 10, 7), DispatchClass::Normal, Pays::No))]
        pub fn add_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            amount_staked: TaoBalance,
        ) -> DispatchResult {
            Self::do_add_stake(origin, hotkey, amount_staked)
        }

        /// Takes stake back.
        #[pallet::call_index(3)]
        #[pallet::weight((crate::calls::booked::<T>(111_000_000, 10, 7), DispatchClass::Normal, Pays::No))]
        pub fn remove_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            amount_unstaked: TaoBalance,
        ) -> DispatchResult {
            Self::do_remove_stake(origin, hotkey, amount_unstaked)
        }

        /// Publishes the signer's endpoint.
        #[pallet::call_index(4)]
        #[pallet::weight((crate::calls::booked::<T>(46_000_000, 4, 1), DispatchClass::Normal, Pays::No))]
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

        /// The same with a certificate: first byte algorithm, then the public key.
        #[pallet::call_index(40)]
        #[pallet::weight((crate::calls::booked::<T>(46_000_000, 4, 1), DispatchClass::Normal, Pays::No))]
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

        /// Publishes the signer's metrics endpoint.
        #[pallet::call_index(5)]
        #[pallet::weight((crate::calls::booked::<T>(45_000_000, 4, 1), DispatchClass::Normal, Pays::No))]
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

        /// Registers a hotkey for the price that `Burn` shows.
        #[pallet::call_index(7)]
        #[pallet::weight((crate::calls::booked::<T>(177_000_000, 26, 24), DispatchClass::Normal, Pays::No))]
        pub fn burned_register(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
        ) -> DispatchResult {
            Self::do_burned_register(origin, netuid, hotkey)
        }

        /// Creates a subnet of the signer for the lock price.
        #[pallet::call_index(59)]
        #[pallet::weight((crate::calls::booked::<T>(157_000_000, 16, 30), DispatchClass::Operational, Pays::No))]
        pub fn register_network(origin: OriginFor<T>) -> DispatchResult {
            Self::do_register_network(origin, None)
        }

        /// The same with a name.
        #[pallet::call_index(79)]
        #[pallet::weight((crate::calls::booked::<T>(157_000_000, 16, 30), DispatchClass::Operational, Pays::No))]
        pub fn register_network_with_identity(
            origin: OriginFor<T>,
            identity: Option<SubnetIdentity>,
        ) -> DispatchResult {
            Self::do_register_network(origin, identity)
        }
    }
}
