//! Calls with the chain's names, indices and argument order.

#[frame_support::pallet_macros::pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {}
}
