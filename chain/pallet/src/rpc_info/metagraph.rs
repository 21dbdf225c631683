//! `SubnetInfoRuntimeApi`: the whole state of a subnet in one answer, or the parts asked for.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};
use core::cell::OnceCell;
use scale_info::TypeInfo;

use super::{compact, stake_parts, Stake};
use crate::commitments::Commitments;
use crate::pallet::*;

/// Declares [`Metagraph`], [`SelectiveMetagraph`] and how each of their fields is read. The number
/// before a field is its selector; the order is that of the encoding.
macro_rules! metagraph {
    (
        |$view:ident|
        $($index:literal $name:ident: $type:ty = $value:expr;)*
        selective only:
        $($extra_index:literal $extra_name:ident: $extra_type:ty = $extra_value:expr;)*
    ) => {
        /// Ratios are 65535ths, stakes RAO (`tao_stake` unweighted, `total_stake` weighted); names
        /// are UTF-8 bytes. Weights and bonds are not part of it.
        #[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
        pub struct Metagraph<AccountId: TypeInfo + Encode + Decode> {
            pub netuid: Compact<NetUid>,
            $(pub $name: $type,)*
        }

        /// The fields that were asked for; `netuid` is 0 unless asked for.
        #[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
        pub struct SelectiveMetagraph<AccountId: TypeInfo + Encode + Decode + Clone> {
            pub netuid: Compact<NetUid>,
            $(pub $name: Option<$type>,)*
            $(pub $extra_name: Option<$extra_type>,)*
        }

        impl<AccountId: TypeInfo + Encode + Decode + Clone> SelectiveMetagraph<AccountId> {
            fn empty() -> Self {
                Self {
                    netuid: Compact(0),
                    $($name: None,)*
                    $($extra_name: None,)*
                }
            }
        }

        impl<T: Config> Pallet<T> {
            fn whole_metagraph(netuid: NetUid) -> Metagraph<T::AccountId> {
                let $view = View::<T>::of(netuid);
                Metagraph {
                    netuid: Compact(netuid),
                    $($name: $value,)*
                }
            }

            fn chosen_metagraph(
                netuid: NetUid,
                selectors: &[u16],
            ) -> SelectiveMetagraph<T::AccountId> {
                let $view = View::<T>::of(netuid);
                let mut chosen = SelectiveMetagraph::empty();
                for selector in selectors {
                    match selector {
                        0 => chosen.netuid = Compact(netuid),
                        $($index => chosen.$name = Some($value),)*
                        $($extra_index => chosen.$extra_name = Some($extra_value),)*
                        _ => {}
                    }
                }
                chosen
            }
        }
    };
}

type Numbers<N> = Vec<Compact<N>>;
type PerHotkey<T> = Vec<(<T as frame_system::Config>::AccountId, Compact<u64>)>;

metagraph! {
    |view|
    1 name: Numbers<u8> = compact(Self::subnet_name(view.netuid));
    2 symbol: Numbers<u8> = compact(TokenSymbol::<T>::get(view.netuid));
    3 identity: Option<SubnetIdentityV3> = SubnetIdentitiesV3::<T>::get(view.netuid);
    4 network_registered_at: Compact<u64> = Compact(NetworkRegisteredAt::<T>::get(view.netuid));
    5 owner_hotkey: AccountId = SubnetOwnerHotkey::<T>::get(view.netuid);
    6 owner_coldkey: AccountId = SubnetOwner::<T>::get(view.netuid);
    7 block: Compact<u64> = Compact(Self::current_block());
    8 tempo: Compact<u16> = Compact(Tempo::<T>::get(view.netuid));
    9 last_step: Compact<u64> = Compact(LastMechansimStepBlock::<T>::get(view.netuid));
    10 blocks_since_last_step: Compact<u64> = Compact(Self::blocks_since_step(view.netuid));
    11 subnet_emission: Compact<u64> = Compact(0);
    12 alpha_in: Compact<AlphaBalance> = Compact(SubnetAlphaIn::<T>::get(view.netuid));
    13 alpha_out: Compact<AlphaBalance> = Compact(SubnetAlphaOut::<T>::get(view.netuid));
    14 tao_in: Compact<TaoBalance> = Compact(SubnetTAO::<T>::get(view.netuid));
    15 alpha_out_emission: Compact<AlphaBalance> =
        Compact(SubnetAlphaOutEmission::<T>::get(view.netuid));
    16 alpha_in_emission: Compact<AlphaBalance> =
        Compact(SubnetAlphaInEmission::<T>::get(view.netuid));
    17 tao_in_emission: Compact<TaoBalance> = Compact(SubnetTaoInEmission::<T>::get(view.netuid));
    18 pending_alpha_emission: Compact<AlphaBalance> = Compact(Self::pending_alpha(view.netuid));
    19 pending_root_emission: Compact<TaoBalance> = Compact(0);
    20 subnet_volume: Compact<u128> = Compact(SubnetVolume::<T>::get(view.netuid));
    21 moving_price: I96F32 = SubnetMovingPrice::<T>::get(view.netuid);
    22 rho: Compact<u16> = Compact(Rho::<T>::get(view.netuid));
    23 kappa: Compact<u16> = Compact(Kappa::<T>::get(view.netuid));
    24 min_allowed_weights: Compact<u16> = Compact(MinAllowedWeights::<T>::get(view.netuid));
    25 max_weights_limit: Compact<u16> = Compact(MaxWeightsLimit::<T>::get(view.netuid));
    26 weights_version: Compact<u64> = Compact(WeightsVersionKey::<T>::get(view.netuid));
    27 weights_rate_limit: Compact<u64> = Compact(WeightsSetRateLimit::<T>::get(view.netuid));
    28 activity_cutoff: Compact<u64> = Compact(Self::activity_cutoff(view.netuid));
    29 max_validators: Compact<u16> = Compact(MaxAllowedValidators::<T>::get(view.netuid));
    30 num_uids: Compact<u16> = Compact(SubnetworkN::<T>::get(view.netuid));
    31 max_uids: Compact<u16> = Compact(MaxAllowedUids::<T>::get(view.netuid));
    32 burn: Compact<TaoBalance> = Compact(Burn::<T>::get(view.netuid));
    33 difficulty: Compact<u64> = Compact(Difficulty::<T>::get(view.netuid));
    34 registration_allowed: bool = NetworkRegistrationAllowed::<T>::get(view.netuid);
    35 pow_registration_allowed: bool = NetworkPowRegistrationAllowed::<T>::get(view.netuid);
    36 immunity_period: Compact<u16> = Compact(ImmunityPeriod::<T>::get(view.netuid));
    37 min_difficulty: Compact<u64> = Compact(MinDifficulty::<T>::get(view.netuid));
    38 max_difficulty: Compact<u64> = Compact(MaxDifficulty::<T>::get(view.netuid));
    39 min_burn: Compact<TaoBalance> = Compact(MinBurn::<T>::get(view.netuid));
    40 max_burn: Compact<TaoBalance> = Compact(MaxBurn::<T>::get(view.netuid));
    41 adjustment_alpha: Compact<u64> = Compact(AdjustmentAlpha::<T>::get(view.netuid));
    42 adjustment_interval: Compact<u16> = Compact(AdjustmentInterval::<T>::get(view.netuid));
    43 target_regs_per_interval: Compact<u16> =
        Compact(TargetRegistrationsPerInterval::<T>::get(view.netuid));
    44 max_regs_per_block: Compact<u16> = Compact(MaxRegistrationsPerBlock::<T>::get(view.netuid));
    45 serving_rate_limit: Compact<u64> = Compact(ServingRateLimit::<T>::get(view.netuid));
    46 commit_reveal_weights_enabled: bool = CommitRevealWeightsEnabled::<T>::get(view.netuid);
    47 commit_reveal_period: Compact<u64> = Compact(RevealPeriodEpochs::<T>::get(view.netuid));
    48 liquid_alpha_enabled: bool = LiquidAlphaOn::<T>::get(view.netuid);
    49 alpha_high: Compact<u16> = Compact(AlphaValues::<T>::get(view.netuid).1);
    50 alpha_low: Compact<u16> = Compact(AlphaValues::<T>::get(view.netuid).0);
    51 bonds_moving_avg: Compact<u64> = Compact(BondsMovingAverage::<T>::get(view.netuid));
    52 hotkeys: Vec<AccountId> = view.hotkeys().to_vec();
    53 coldkeys: Vec<AccountId> = view.coldkeys().to_vec();
    54 identities: Vec<Option<ChainIdentityV2>> = view.identities();
    55 axons: Vec<AxonInfo> = view.axons();
    56 active: Vec<bool> = Active::<T>::get(view.netuid);
    57 validator_permit: Vec<bool> = ValidatorPermit::<T>::get(view.netuid);
    58 pruning_score: Numbers<u16> = Vec::new();
    59 last_update: Numbers<u64> = compact(LastUpdate::<T>::get(view.netuid));
    60 emission: Numbers<AlphaBalance> = compact(Emission::<T>::get(view.netuid));
    61 dividends: Numbers<u16> = compact(Dividends::<T>::get(view.netuid));
    62 incentives: Numbers<u16> = compact(Incentive::<T>::get(view.netuid));
    63 consensus: Numbers<u16> = compact(Consensus::<T>::get(view.netuid));
    64 trust: Numbers<u16> = Vec::new();
    65 rank: Numbers<u16> = Vec::new();
    66 block_at_registration: Numbers<u64> = compact(Self::registration_blocks(view.netuid));
    67 alpha_stake: Numbers<AlphaBalance> = view.stakes(|stake| stake.alpha);
    68 tao_stake: Numbers<TaoBalance> = view.stakes(|stake| stake.root);
    69 total_stake: Numbers<TaoBalance> = view.stakes(|stake| stake.total);
    70 tao_dividends_per_hotkey: Vec<(AccountId, Compact<TaoBalance>)> =
        view.per_hotkey(|_| 0);
    71 alpha_dividends_per_hotkey: Vec<(AccountId, Compact<AlphaBalance>)> =
        view.alpha_dividends();
    selective only:
    72 validators: Numbers<u16> = view.validators();
    73 commitments: Vec<(AccountId, Numbers<u8>)> = view.commitments();
}

/// The subnet that is being described; what several fields need is read once, when the first asks.
struct View<T: Config> {
    netuid: NetUid,
    hotkeys: OnceCell<Vec<T::AccountId>>,
    coldkeys: OnceCell<Vec<T::AccountId>>,
    stakes: OnceCell<Vec<Stake>>,
}

impl<T: Config> View<T> {
    fn of(netuid: NetUid) -> Self {
        let (hotkeys, coldkeys, stakes) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self {
            netuid,
            hotkeys,
            coldkeys,
            stakes,
        }
    }

    fn hotkeys(&self) -> &[T::AccountId] {
        self.hotkeys
            .get_or_init(|| Pallet::<T>::hotkeys(self.netuid))
    }

    fn coldkeys(&self) -> &[T::AccountId] {
        self.coldkeys
            .get_or_init(|| Pallet::<T>::owners(self.hotkeys()))
    }

    fn stakes(&self, part: impl Fn(&Stake) -> u64) -> Numbers<u64> {
        let stakes = self
            .stakes
            .get_or_init(|| Pallet::<T>::stakes(self.hotkeys(), self.netuid));
        stake_parts(stakes, part)
    }

    /// Few coldkeys have an identity: all of them are quicker to read than none for each uid.
    fn identities(&self) -> Vec<Option<ChainIdentityV2>> {
        let known: BTreeMap<T::AccountId, ChainIdentityV2> = IdentitiesV2::<T>::iter().collect();
        let identity = |coldkey: &T::AccountId| known.get(coldkey).cloned();
        self.coldkeys().iter().map(identity).collect()
    }

    fn axons(&self) -> Vec<AxonInfo> {
        let axon = |hotkey: &T::AccountId| Axons::<T>::get(self.netuid, hotkey);
        let axons = self.hotkeys().iter().map(axon);
        axons.map(Option::unwrap_or_default).collect()
    }

    /// Only validators have dividends; the others are listed with zero.
    fn alpha_dividends(&self) -> PerHotkey<T> {
        let stored = AlphaDividendsPerSubnet::<T>::iter_prefix(self.netuid);
        let paid: BTreeMap<T::AccountId, AlphaBalance> = stored.collect();
        self.per_hotkey(|hotkey| paid.get(hotkey).copied().unwrap_or_default())
    }

    fn per_hotkey(&self, amount: impl Fn(&T::AccountId) -> u64) -> PerHotkey<T> {
        let pair = |hotkey: &T::AccountId| (hotkey.clone(), Compact(amount(hotkey)));
        self.hotkeys().iter().map(pair).collect()
    }

    fn commitments(&self) -> Vec<(T::AccountId, Numbers<u8>)> {
        let encoded = T::Commitments::encoded(self.netuid).into_iter();
        encoded.map(|(who, bytes)| (who, compact(bytes))).collect()
    }

    /// Uids with a permit and more stake than the threshold, by rising stake.
    fn validators(&self) -> Numbers<u16> {
        let permits = ValidatorPermit::<T>::get(self.netuid);
        let threshold = StakeThreshold::<T>::get();
        let stakes = self.stakes(|stake| stake.total);
        let neurons = (0u16..).zip(stakes).zip(permits);
        let staked = neurons.filter(|((_, stake), permit)| *permit && stake.0 > threshold);
        let mut validators: Vec<(u64, u16)> = staked.map(|((uid, s), _)| (s.0, uid)).collect();
        validators.sort_unstable();
        validators
            .into_iter()
            .map(|(_, uid)| Compact(uid))
            .collect()
    }
}

impl<T: Config> Pallet<T> {
    pub fn get_metagraph(netuid: NetUid) -> Option<Metagraph<T::AccountId>> {
        Self::subnet_exists(netuid).then(|| Self::whole_metagraph(netuid))
    }

    pub fn get_all_metagraphs() -> Vec<Option<Metagraph<T::AccountId>>> {
        Self::netuids()
            .into_iter()
            .map(Self::get_metagraph)
            .collect()
    }

    /// Mechanism 0 is the subnet itself; others do not exist.
    pub fn get_mechagraph(netuid: NetUid, mecid: MechId) -> Option<Metagraph<T::AccountId>> {
        Self::get_metagraph(netuid).filter(|_| mecid == 0)
    }

    pub fn get_all_mechagraphs() -> Vec<Option<Metagraph<T::AccountId>>> {
        Self::get_all_metagraphs()
    }

    /// Unknown selectors are passed over.
    pub fn get_selective_metagraph(
        netuid: NetUid,
        selectors: Vec<u16>,
    ) -> Option<SelectiveMetagraph<T::AccountId>> {
        Self::subnet_exists(netuid).then(|| Self::chosen_metagraph(netuid, &selectors))
    }

    /// The same for a mechanism; `netuid` is always filled.
    pub fn get_selective_mechagraph(
        netuid: NetUid,
        mecid: MechId,
        selectors: Vec<u16>,
    ) -> Option<SelectiveMetagraph<T::AccountId>> {
        let mut chosen = Self::get_selective_metagraph(netuid, selectors)?;
        chosen.netuid = Compact(netuid);
        if mecid != 0 {
            chosen.last_update = chosen.last_update.map(|_| Vec::new());
            chosen.incentives = chosen.incentives.map(|_| Vec::new());
        }
        Some(chosen)
    }
}
