//! Endpoints of neurons.

use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;

const IPV4_LOCALHOST: u128 = 0x7f00_0001;
const IPV6_LOCALHOST: u128 = 1;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_serve_axon(
        origin: OriginFor<T>,
        netuid: NetUid,
        axon: AxonInfo,
        certificate: Option<Vec<u8>>,
    ) -> DispatchResult {
        let hotkey = ensure_signed(origin)?;
        Self::check_axon(&hotkey, netuid, &axon)?;
        if let Some(certificate) = certificate.and_then(NeuronCertificate::parse) {
            NeuronCertificates::<T>::insert(netuid, &hotkey, certificate);
        }
        let axon = AxonInfo {
            block: Self::current_block(),
            ..axon
        };
        Axons::<T>::insert(netuid, &hotkey, axon);
        Self::deposit_event(Event::AxonServed(netuid, hotkey));
        Ok(())
    }

    pub(crate) fn do_serve_prometheus(
        origin: OriginFor<T>,
        netuid: NetUid,
        info: PrometheusInfo,
    ) -> DispatchResult {
        let hotkey = ensure_signed(origin)?;
        Self::check_prometheus(&hotkey, netuid, &info)?;
        let info = PrometheusInfo {
            block: Self::current_block(),
            ..info
        };
        Prometheus::<T>::insert(netuid, &hotkey, info);
        Self::deposit_event(Event::PrometheusServed(netuid, hotkey));
        Ok(())
    }

    pub(crate) fn check_axon(
        hotkey: &T::AccountId,
        netuid: NetUid,
        axon: &AxonInfo,
    ) -> Result<(), Error<T>> {
        Self::ensure_neuron(hotkey, netuid)?;
        ensure!(is_ip_type(axon.ip_type), Error::<T>::InvalidIpType);
        ensure!(
            is_ip_address(axon.ip_type, axon.ip),
            Error::<T>::InvalidIpAddress
        );
        let last = Axons::<T>::get(netuid, hotkey).map_or(0, |axon| axon.block);
        Self::ensure_serving_rate(netuid, last)?;
        ensure!(axon.port != 0, Error::<T>::InvalidPort);
        Ok(())
    }

    pub(crate) fn check_prometheus(
        hotkey: &T::AccountId,
        netuid: NetUid,
        info: &PrometheusInfo,
    ) -> Result<(), Error<T>> {
        ensure!(is_ip_type(info.ip_type), Error::<T>::InvalidIpType);
        let address = info.ip != 0 && is_ip_address(info.ip_type, info.ip);
        ensure!(address, Error::<T>::InvalidIpAddress);
        Self::ensure_neuron(hotkey, netuid)?;
        let last = Prometheus::<T>::get(netuid, hotkey).map_or(0, |info| info.block);
        Self::ensure_serving_rate(netuid, last)?;
        ensure!(info.port != 0, Error::<T>::InvalidPort);
        Ok(())
    }

    fn ensure_neuron(hotkey: &T::AccountId, netuid: NetUid) -> Result<(), Error<T>> {
        let member = Uids::<T>::contains_key(netuid, hotkey);
        ensure!(member, Error::<T>::HotKeyNotRegisteredInNetwork);
        Ok(())
    }

    fn ensure_serving_rate(netuid: NetUid, last: u64) -> Result<(), Error<T>> {
        let passes = Self::passes_rate_limit(ServingRateLimit::<T>::get(netuid), last);
        ensure!(passes, Error::<T>::ServingRateLimitExceeded);
        Ok(())
    }
}

pub fn is_ip_type(ip_type: u8) -> bool {
    matches!(ip_type, 4 | 6)
}

/// Zero passes: a neuron that serves nothing any more says so with it.
pub fn is_ip_address(ip_type: u8, ip: u128) -> bool {
    match ip_type {
        4 => ip < u128::from(u32::MAX) && ip != IPV4_LOCALHOST,
        _ => ip != u128::MAX && ip != IPV6_LOCALHOST,
    }
}
