//! Names that coldkeys and subnets give themselves.

use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;

const SHORT: usize = 256;
const LONG: usize = 1024;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_identity(
        origin: OriginFor<T>,
        identity: ChainIdentityV2,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let hotkeys = OwnedHotkeys::<T>::get(&coldkey);
        let registered = hotkeys.iter().any(Self::is_registered_anywhere);
        ensure!(registered, Error::<T>::HotKeyNotRegisteredInNetwork);
        ensure!(is_valid_identity(&identity), Error::<T>::InvalidIdentity);
        IdentitiesV2::<T>::insert(&coldkey, identity);
        Self::deposit_event(Event::ChainIdentitySet(coldkey));
        Ok(())
    }

    pub(crate) fn do_set_subnet_identity(
        origin: OriginFor<T>,
        netuid: NetUid,
        identity: SubnetIdentityV3,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let owner = SubnetOwner::<T>::get(netuid) == coldkey;
        ensure!(owner, Error::<T>::NotSubnetOwner);
        Self::store_subnet_identity(netuid, identity)
    }

    pub(crate) fn store_subnet_identity(
        netuid: NetUid,
        identity: SubnetIdentityV3,
    ) -> DispatchResult {
        ensure!(
            is_valid_subnet_identity(&identity),
            Error::<T>::InvalidIdentity
        );
        SubnetIdentitiesV3::<T>::insert(netuid, identity);
        Self::deposit_event(Event::SubnetIdentitySet(netuid));
        Ok(())
    }

    pub fn is_registered_anywhere(hotkey: &T::AccountId) -> bool {
        IsNetworkMember::<T>::iter_prefix_values(hotkey).any(|member| member)
    }
}

fn fits(texts: &[&Vec<u8>], limit: usize) -> bool {
    texts.iter().all(|text| text.len() <= limit)
}

fn is_valid_identity(i: &ChainIdentityV2) -> bool {
    fits(&[&i.name, &i.url, &i.github_repo, &i.discord], SHORT)
        && fits(&[&i.image, &i.description, &i.additional], LONG)
}

fn is_valid_subnet_identity(i: &SubnetIdentityV3) -> bool {
    let long = [
        &i.github_repo,
        &i.subnet_contact,
        &i.subnet_url,
        &i.description,
        &i.logo_url,
    ];
    fits(&[&i.subnet_name, &i.discord], SHORT) && fits(&long, LONG) && i.additional.len() <= LONG
}
