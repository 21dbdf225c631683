//! Endpoints of neurons. A hotkey of any subnet may publish one on every subnet, as then.

use crate::pallet::*;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use pallet_subtensor::serving::{is_ip_address, is_ip_type};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_serve_axon(
        origin: OriginFor<T>,
        netuid: NetUid,
        axon: AxonInfo,
        certificate: Option<Vec<u8>>,
    ) -> DispatchResult {
        let hotkey = ensure_signed(origin)?;
        let last = Axons::<T>::get(netuid, &hotkey).map_or(0, |axon| axon.block);
        Self::ensure_may_serve(&hotkey, netuid, (axon.ip_type, axon.ip), last)?;
        ensure!(axon.port != 0, Error::<T>::InvalidPort);
        if let Some(certificate) = certificate.and_then(NeuronCertificate::parse) {
            NeuronCertificates::<T>::insert(netuid, &hotkey, certificate);
        }
        let block = Self::current_block();
        Axons::<T>::insert(netuid, &hotkey, AxonInfo { block, ..axon });
        Self::deposit_event(Event::AxonServed(netuid, hotkey));
        Ok(())
    }

    pub(crate) fn do_serve_prometheus(
        origin: OriginFor<T>,
        netuid: NetUid,
        info: PrometheusInfo,
    ) -> DispatchResult {
        let hotkey = ensure_signed(origin)?;
        let last = Prometheus::<T>::get(netuid, &hotkey).map_or(0, |info| info.block);
        Self::ensure_may_serve(&hotkey, netuid, (info.ip_type, info.ip), last)?;
        ensure!(info.port != 0, Error::<T>::InvalidPort);
        let block = Self::current_block();
        Prometheus::<T>::insert(netuid, &hotkey, PrometheusInfo { block, ..info });
        Self::deposit_event(Event::PrometheusServed(netuid, hotkey));
        Ok(())
    }

    fn ensure_may_serve(
        hotkey: &T::AccountId,
        netuid: NetUid,
        (ip_type, ip): (u8, u128),
        last: u64,
    ) -> DispatchResult {
        let member = IsNetworkMember::<T>::iter_prefix_values(hotkey).any(|member| member);
        ensure!(member, Error::<T>::HotKeyNotRegisteredInNetwork);
        ensure!(is_ip_type(ip_type), Error::<T>::InvalidIpType);
        // Zero was not yet the way to say that nothing is served any more.
        let address = ip != 0 && is_ip_address(ip_type, ip);
        ensure!(address, Error::<T>::InvalidIpAddress);
        let limit = ServingRateLimit::<T>::get(netuid);
        let waited = Self::current_block().saturating_sub(last) >= limit;
        let timely = limit == 0 || last == 0 || waited;
        ensure!(timely, Error::<T>::ServingRateLimitExceeded);
        Ok(())
    }
}
