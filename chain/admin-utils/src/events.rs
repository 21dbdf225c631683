//! Every event of the chain's module in the chain's order, so that indices agree. Most setters
//! deposit an event of the SubtensorModule instead.

#[frame_support::pallet_macros::pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Never deposited: this chain has no EVM.
        PrecompileUpdated {
            precompile_id: PrecompileEnum,
            enabled: bool,
        },
        Yuma3EnableToggled {
            netuid: NetUid,
            enabled: bool,
        },
        BondsResetToggled {
            netuid: NetUid,
            enabled: bool,
        },
        BurnHalfLifeSet {
            netuid: NetUid,
            burn_half_life: u16,
        },
        BurnIncreaseMultSet {
            netuid: NetUid,
            burn_increase_mult: U64F64,
        },
        SubnetEmissionEnabledSet {
            netuid: NetUid,
            enabled: bool,
        },
    }

    #[derive(
        Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Copy, PartialEq, Eq, Debug,
    )]
    pub enum PrecompileEnum {
        BalanceTransfer,
        Staking,
        Subnet,
        Metagraph,
        Neuron,
        UidLookup,
        Alpha,
        Crowdloan,
        Proxy,
        Leasing,
        AddressMapping,
        VotingPower,
    }
}
