//! Storage of spec 218: names, keys, hashers, values and defaults of then. Items that nothing here
//! reads or writes are declared where clients of then read them and expect the default.

#[frame_support::pallet_macros::pallet_section]
mod storage {
    // --- Neurons

    #[pallet::storage]
    pub type Uids<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Blake2_128Concat, T::AccountId, u16, OptionQuery>;

    #[pallet::storage]
    pub type Keys<T: Config> = StorageDoubleMap<
        _,
        Identity,
        NetUid,
        Identity,
        u16,
        T::AccountId,
        ValueQuery,
        ZeroAccount<T>,
    >;

    #[pallet::storage]
    pub type IsNetworkMember<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, NetUid, bool, ValueQuery>;

    #[pallet::storage]
    pub type BlockAtRegistration<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Identity, u16, u64, ValueQuery>;

    #[pallet::storage]
    pub type Axons<T: Config> = StorageDoubleMap<
        _,
        Identity,
        NetUid,
        Blake2_128Concat,
        T::AccountId,
        AxonInfo,
        OptionQuery,
    >;

    #[pallet::storage]
    pub type Prometheus<T: Config> = StorageDoubleMap<
        _,
        Identity,
        NetUid,
        Blake2_128Concat,
        T::AccountId,
        PrometheusInfo,
        OptionQuery,
    >;

    #[pallet::storage]
    pub type NeuronCertificates<T: Config> = StorageDoubleMap<
        _,
        Identity,
        NetUid,
        Blake2_128Concat,
        T::AccountId,
        NeuronCertificate,
        OptionQuery,
    >;

    #[pallet::storage]
    pub type Weights<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Identity, u16, Vec<(u16, u16)>, ValueQuery>;

    #[pallet::storage]
    pub type Bonds<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Identity, u16, Vec<(u16, u16)>, ValueQuery>;

    #[pallet::storage]
    pub type LastUpdate<T: Config> = StorageMap<_, Identity, NetUid, Vec<u64>, ValueQuery>;

    #[pallet::storage]
    pub type Rank<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type Trust<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type Incentive<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type Consensus<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type Dividends<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type ValidatorTrust<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type PruningScores<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type StakeWeight<T: Config> = StorageMap<_, Identity, NetUid, Vec<u16>, ValueQuery>;

    #[pallet::storage]
    pub type Emission<T: Config> = StorageMap<_, Identity, NetUid, Vec<u64>, ValueQuery>;

    #[pallet::storage]
    pub type Active<T: Config> = StorageMap<_, Identity, NetUid, Vec<bool>, ValueQuery>;

    #[pallet::storage]
    pub type ValidatorPermit<T: Config> = StorageMap<_, Identity, NetUid, Vec<bool>, ValueQuery>;

    #[pallet::storage]
    pub type LoadedEmission<T: Config> =
        StorageMap<_, Identity, NetUid, Vec<(T::AccountId, u64, u64)>, OptionQuery>;

    #[pallet::storage]
    pub type Identities<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, ChainIdentity, OptionQuery>;

    // --- Subnets

    #[pallet::storage]
    pub type NetworksAdded<T: Config> = StorageMap<_, Identity, NetUid, bool, ValueQuery>;

    #[pallet::storage]
    pub type SubnetworkN<T: Config> = StorageMap<_, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type NetworkModality<T: Config> = StorageMap<_, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type MaxAllowedUids<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<4096>>;

    #[pallet::storage]
    pub type MaxAllowedValidators<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<128>>;

    #[pallet::storage]
    pub type NeuronsToPruneAtNextEpoch<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type SubnetOwner<T: Config> =
        StorageMap<_, Identity, NetUid, T::AccountId, ValueQuery, ZeroAccount<T>>;

    #[pallet::storage]
    pub type SubnetLocked<T: Config> = StorageMap<_, Identity, NetUid, TaoBalance, ValueQuery>;

    #[pallet::storage]
    pub type NetworkRegisteredAt<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type Tempo<T: Config> = StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<99>>;

    #[pallet::storage]
    pub type EmissionValues<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type PendingEmission<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type BlocksSinceLastStep<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type LastMechansimStepBlock<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type ActivityCutoff<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<5000>>;

    #[pallet::storage]
    pub type ImmunityPeriod<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<4096>>;

    #[pallet::storage]
    pub type ServingRateLimit<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<50>>;

    #[pallet::storage]
    pub type WeightsVersionKey<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type WeightsSetRateLimit<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<100>>;

    #[pallet::storage]
    pub type MinAllowedWeights<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<1024>>;

    #[pallet::storage]
    pub type MaxWeightsLimit<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<1000>>;

    #[pallet::storage]
    pub type CommitRevealWeightsEnabled<T: Config> =
        StorageMap<_, Identity, NetUid, bool, ValueQuery>;

    #[pallet::storage]
    pub type Kappa<T: Config> = StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<32_767>>;

    #[pallet::storage]
    pub type Rho<T: Config> = StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<10>>;

    #[pallet::storage]
    pub type BondsMovingAverage<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<900_000>>;

    #[pallet::storage]
    pub type AlphaValues<T: Config> =
        StorageMap<_, Identity, NetUid, (u16, u16), ValueQuery, DefaultAlphaValues>;

    #[pallet::storage]
    pub type Burn<T: Config> =
        StorageMap<_, Identity, NetUid, TaoBalance, ValueQuery, ConstU64<1_000_000_000>>;

    #[pallet::storage]
    pub type MinBurn<T: Config> =
        StorageMap<_, Identity, NetUid, TaoBalance, ValueQuery, ConstU64<1_000_000_000>>;

    #[pallet::storage]
    pub type MaxBurn<T: Config> =
        StorageMap<_, Identity, NetUid, TaoBalance, ValueQuery, ConstU64<100_000_000_000>>;

    #[pallet::storage]
    pub type Difficulty<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<10_000_000>>;

    #[pallet::storage]
    pub type MinDifficulty<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<10_000_000>>;

    #[pallet::storage]
    pub type MaxDifficulty<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<{ u64::MAX / 4 }>>;

    #[pallet::storage]
    pub type AdjustmentInterval<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<100>>;

    #[pallet::storage]
    pub type AdjustmentAlpha<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type LastAdjustmentBlock<T: Config> = StorageMap<_, Identity, NetUid, u64, ValueQuery>;

    #[pallet::storage]
    pub type TargetRegistrationsPerInterval<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<2>>;

    #[pallet::storage]
    pub type NetworkRegistrationAllowed<T: Config> =
        StorageMap<_, Identity, NetUid, bool, ValueQuery>;

    #[pallet::storage]
    pub type NetworkPowRegistrationAllowed<T: Config> =
        StorageMap<_, Identity, NetUid, bool, ValueQuery>;

    #[pallet::storage]
    pub type MaxRegistrationsPerBlock<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<1>>;

    #[pallet::storage]
    pub type RegistrationsThisBlock<T: Config> = StorageMap<_, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type RegistrationsThisInterval<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type POWRegistrationsThisInterval<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type BurnRegistrationsThisInterval<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type RAORecycledForRegistration<T: Config> =
        StorageMap<_, Identity, NetUid, TaoBalance, ValueQuery>;

    #[pallet::storage]
    pub type ValidatorPruneLen<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<1>>;

    #[pallet::storage]
    pub type ScalingLawPower<T: Config> =
        StorageMap<_, Identity, NetUid, u16, ValueQuery, ConstU16<50>>;

    #[pallet::storage]
    pub type NetworkMaxStake<T: Config> =
        StorageMap<_, Identity, NetUid, u64, ValueQuery, ConstU64<{ u64::MAX }>>;

    #[pallet::storage]
    pub type RevealPeriodEpochs<T: Config> =
        StorageMap<_, Twox64Concat, NetUid, u64, ValueQuery, ConstU64<1>>;

    #[pallet::storage]
    pub type LiquidAlphaOn<T: Config> = StorageMap<_, Blake2_128Concat, NetUid, bool, ValueQuery>;

    #[pallet::storage]
    pub type SubnetIdentities<T: Config> =
        StorageMap<_, Blake2_128Concat, NetUid, SubnetIdentity, OptionQuery>;

    // --- Single values

    #[pallet::storage]
    pub type TotalNetworks<T: Config> = StorageValue<_, u16, ValueQuery>;

    #[pallet::storage]
    pub type StakeThreshold<T: Config> = StorageValue<_, u64, ValueQuery>;

    #[pallet::storage]
    pub type SubnetOwnerCut<T: Config> = StorageValue<_, u16, ValueQuery, ConstU16<11_796>>;

    #[pallet::storage]
    pub type SubnetLimit<T: Config> = StorageValue<_, u16, ValueQuery, ConstU16<12>>;

    #[pallet::storage]
    pub type NetworkRateLimit<T: Config> = StorageValue<_, u64, ValueQuery, ConstU64<7200>>;

    #[pallet::storage]
    pub type NetworkMinLockCost<T: Config> =
        StorageValue<_, TaoBalance, ValueQuery, ConstU64<1_000_000_000_000>>;

    #[pallet::storage]
    pub type NetworkLastLockCost<T: Config> =
        StorageValue<_, TaoBalance, ValueQuery, ConstU64<1_000_000_000_000>>;

    #[pallet::storage]
    pub type NetworkLockReductionInterval<T: Config> =
        StorageValue<_, u64, ValueQuery, ConstU64<100_800>>;

    #[pallet::storage]
    pub type NetworkImmunityPeriod<T: Config> = StorageValue<_, u64, ValueQuery, ConstU64<50_400>>;

    #[pallet::storage]
    pub type NetworkLastRegistered<T: Config> = StorageValue<_, u64, ValueQuery>;

    #[pallet::storage]
    pub type NetworkMinAllowedUids<T: Config> = StorageValue<_, u16, ValueQuery, ConstU16<128>>;

    #[pallet::storage]
    pub type TotalIssuance<T: Config> = StorageValue<_, TaoBalance, ValueQuery>;

    #[pallet::storage]
    pub type TotalStake<T: Config> = StorageValue<_, TaoBalance, ValueQuery>;

    #[pallet::storage]
    pub type BlockEmission<T: Config> = StorageValue<_, u64, ValueQuery, ConstU64<1_000_000_000>>;

    #[pallet::storage]
    pub type TxRateLimit<T: Config> = StorageValue<_, u64, ValueQuery, ConstU64<1000>>;

    #[pallet::storage]
    pub type TxDelegateTakeRateLimit<T: Config> =
        StorageValue<_, u64, ValueQuery, ConstU64<216_000>>;

    #[pallet::storage]
    pub type TxChildkeyTakeRateLimit<T: Config> =
        StorageValue<_, u64, ValueQuery, ConstU64<216_000>>;

    #[pallet::storage]
    pub type NominatorMinRequiredStake<T: Config> = StorageValue<_, TaoBalance, ValueQuery>;

    #[pallet::storage]
    pub type MaxDelegateTake<T: Config> = StorageValue<_, u16, ValueQuery, ConstU16<11_796>>;

    #[pallet::storage]
    pub type MinDelegateTake<T: Config> = StorageValue<_, u16, ValueQuery>;

    #[pallet::storage]
    pub type MaxChildkeyTake<T: Config> = StorageValue<_, u16, ValueQuery, ConstU16<11_796>>;

    #[pallet::storage]
    pub type MinChildkeyTake<T: Config> = StorageValue<_, u16, ValueQuery>;

    #[pallet::storage]
    pub type HotkeyEmissionTempo<T: Config> = StorageValue<_, u64, ValueQuery, ConstU64<7200>>;

    // --- Commit-reveal

    /// Hash, block of the commit, first and last block in which it can be revealed.
    #[pallet::storage]
    pub type WeightCommits<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        NetUid,
        Twox64Concat,
        T::AccountId,
        VecDeque<(H256, u64, u64, u64)>,
        OptionQuery,
    >;

    // --- Stake and ownership

    #[pallet::storage]
    pub type Owner<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId, ValueQuery, ZeroAccount<T>>;

    #[pallet::storage]
    pub type OwnedHotkeys<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Vec<T::AccountId>, ValueQuery>;

    #[pallet::storage]
    pub type StakingHotkeys<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Vec<T::AccountId>, ValueQuery>;

    #[pallet::storage]
    pub type Delegates<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, u16, ValueQuery, ConstU16<11_796>>;

    #[pallet::storage]
    pub type Stake<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Identity,
        T::AccountId,
        TaoBalance,
        ValueQuery,
    >;

    #[pallet::storage]
    pub type TotalHotkeyStake<T: Config> =
        StorageMap<_, Identity, T::AccountId, TaoBalance, ValueQuery>;

    #[pallet::storage]
    pub type TotalColdkeyStake<T: Config> =
        StorageMap<_, Identity, T::AccountId, TaoBalance, ValueQuery>;

    #[pallet::storage]
    pub type ChildKeys<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Identity,
        NetUid,
        Vec<(u64, T::AccountId)>,
        ValueQuery,
    >;

    #[pallet::storage]
    pub type ParentKeys<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Identity,
        NetUid,
        Vec<(u64, T::AccountId)>,
        ValueQuery,
    >;

    #[pallet::storage]
    pub type ChildkeyTake<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, NetUid, u16, ValueQuery>;

    #[pallet::storage]
    pub type LastTxBlock<T: Config> = StorageMap<_, Identity, T::AccountId, u64, ValueQuery>;

    #[pallet::storage]
    pub type LastTxBlockDelegateTake<T: Config> =
        StorageMap<_, Identity, T::AccountId, u64, ValueQuery>;

    #[pallet::storage]
    pub type LastTxBlockChildKeyTake<T: Config> =
        StorageMap<_, Identity, T::AccountId, u64, ValueQuery>;
}
