//! placeholder
use crate::pallet::*;
use frame_support::weights::Weight;
impl<T: Config> Pallet<T> {
    pub(crate) fn migrate_from_modern() -> Weight {
        Weight::zero()
    }
}
