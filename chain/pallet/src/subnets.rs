//! Creating, starting, naming and removing subnets.

use crate::commitments::Commitments;
use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_support::traits::fungible::{Inspect, Mutate};
use frame_support::traits::tokens::{Fortitude, Preservation};
use frame_support::{transactional, PalletId};
use frame_system::ensure_signed;
use frame_system::pallet_prelude::{BlockNumberFor, OriginFor};
use sp_runtime::traits::{AccountIdConversion, UniqueSaturatedInto};
use subnet_consensus::first_epoch_anchor;

/// Registration price of a new subnet: 1 TAO.
const NEW_SUBNET_BURN: TaoBalance = 1_000_000_000;
const DEFAULT_TEMPO: u16 = 360;
/// What the chain reports for every new subnet; here the price is constant nevertheless.
const REPORTED_MECHANISM: u16 = 1;

impl<T: Config> Pallet<T> {
    pub fn current_block() -> u64 {
        let block: BlockNumberFor<T> = frame_system::Pallet::<T>::block_number();
        UniqueSaturatedInto::<u64>::unique_saturated_into(block)
    }

    pub fn subnet_exists(netuid: NetUid) -> bool {
        NetworksAdded::<T>::get(netuid)
    }

    /// All netuids in ascending order, root included.
    pub fn netuids() -> Vec<NetUid> {
        let added = NetworksAdded::<T>::iter().filter(|(_, added)| *added);
        let mut netuids: Vec<NetUid> = added.map(|(netuid, _)| netuid).collect();
        netuids.sort_unstable();
        netuids
    }

    /// The account that holds the TAO of a subnet's pool.
    pub fn subnet_account(netuid: NetUid) -> T::AccountId {
        T::SubtensorPalletId::get().into_sub_account_truncating(netuid)
    }

    pub(crate) fn ensure_not_subnet_account(account: &T::AccountId) -> DispatchResult {
        let parsed = PalletId::try_from_sub_account::<NetUid>(account);
        let system = parsed.is_some_and(|(id, _)| id == T::SubtensorPalletId::get());
        ensure!(!system, Error::<T>::CannotUseSystemAccount);
        Ok(())
    }

    /// Price of the next subnet in RAO: twice the last one, falling linearly back to the minimum.
    pub fn network_lock_cost() -> TaoBalance {
        let last = NetworkLastLockCost::<T>::get();
        let block = Self::last_network_block();
        let factor = if block == 0 { 1 } else { 2 };
        let interval = NetworkLockReductionInterval::<T>::get();
        let per_block = last.checked_div(interval).unwrap_or(0);
        let fallen = per_block.saturating_mul(Self::current_block().saturating_sub(block));
        let cost = last.saturating_mul(factor).saturating_sub(fallen);
        cost.max(NetworkMinLockCost::<T>::get())
    }

    #[transactional]
    pub(crate) fn do_register_network(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        identity: Option<SubnetIdentityV3>,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let owned = !Owner::<T>::contains_key(&hotkey) || Owner::<T>::get(&hotkey) == coldkey;
        ensure!(owned, Error::<T>::NonAssociatedColdKey);
        Self::ensure_not_subnet_account(&hotkey)?;
        let open = Self::current_block() >= NetworkRegistrationStartBlock::<T>::get();
        ensure!(open, Error::<T>::SubNetRegistrationDisabled);
        ensure!(
            Self::network_rate_limit_passes(),
            Error::<T>::NetworkTxRateLimitExceeded
        );
        let pruned = Self::subnet_to_make_room()?;
        let lock = Self::network_lock_cost();
        ensure!(
            Self::can_pay(&coldkey, lock),
            Error::<T>::CannotAffordLockCost
        );
        if let Some(netuid) = pruned {
            Self::do_dissolve_network(netuid)?;
        }
        let netuid = pruned.unwrap_or_else(Self::next_netuid);
        Self::create_network(netuid, &coldkey, &hotkey, lock)?;
        if let Some(identity) = identity {
            Self::store_subnet_identity(netuid, identity)?;
        }
        Self::lend_root_stake(netuid);
        Self::deposit_event(Event::NetworkAdded(netuid, REPORTED_MECHANISM));
        Ok(())
    }

    /// The weakest subnet that is no longer immune, when all places are taken.
    fn subnet_to_make_room() -> Result<Option<NetUid>, DispatchError> {
        let taken = Self::netuids()
            .into_iter()
            .filter(|netuid| *netuid != ROOT)
            .count();
        if taken < usize::from(SubnetLimit::<T>::get()) {
            return Ok(None);
        }
        let found = Self::subnet_to_prune();
        ensure!(found.is_some(), Error::<T>::SubnetLimitReached);
        Ok(found)
    }

    /// Lowest moving price first, then the oldest; immune ones never.
    pub fn subnet_to_prune() -> Option<NetUid> {
        let now = Self::current_block();
        let immunity = NetworkImmunityPeriod::<T>::get();
        let age = |netuid: &NetUid| NetworkRegisteredAt::<T>::get(netuid);
        Self::netuids()
            .into_iter()
            .filter(|netuid| *netuid != ROOT && now >= age(netuid).saturating_add(immunity))
            .min_by_key(|netuid| {
                (
                    SubnetMovingPrice::<T>::get(netuid).bits,
                    age(netuid),
                    *netuid,
                )
            })
    }

    fn next_netuid() -> NetUid {
        (1..NetUid::MAX)
            .find(|netuid| !Self::subnet_exists(*netuid))
            .unwrap_or(NetUid::MAX)
    }

    fn create_network(
        netuid: NetUid,
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        lock: TaoBalance,
    ) -> DispatchResult {
        let now = Self::current_block();
        Self::init_new_network(netuid, DEFAULT_TEMPO);
        Self::pay_into_pool(netuid, coldkey, lock)?;
        NetworkLastLockCost::<T>::put(lock);
        LastRateLimitedBlock::<T>::insert(RateLimitKey::NetworkLastRegistered, now);
        Self::create_account_if_new(coldkey, hotkey);
        Self::append_neuron(netuid, hotkey, now);
        NetworkRegisteredAt::<T>::insert(netuid, now);
        RegisteredSubnetCounter::<T>::mutate(netuid, |count| *count = count.saturating_add(1));
        SubnetAlphaIn::<T>::insert(netuid, lock);
        SubnetLocked::<T>::insert(netuid, lock);
        SubnetOwner::<T>::insert(netuid, coldkey);
        SubnetOwnerHotkey::<T>::insert(netuid, hotkey);
        Self::deposit_event(Event::SubnetOwnerHotkeySet(netuid, hotkey.clone()));
        SubnetEmissionEnabled::<T>::insert(netuid, false);
        Ok(())
    }

    /// Storage of an empty subnet with the values that new subnets get.
    pub fn init_new_network(netuid: NetUid, tempo: u16) {
        let now = Self::current_block();
        SubnetworkN::<T>::insert(netuid, 0);
        NetworksAdded::<T>::insert(netuid, true);
        Tempo::<T>::insert(netuid, tempo);
        LastEpochBlock::<T>::insert(netuid, first_epoch_anchor(now, netuid, tempo));
        TotalNetworks::<T>::mutate(|n| *n = n.saturating_add(1));
        NetworkRegistrationAllowed::<T>::insert(netuid, true);
        MaxAllowedUids::<T>::insert(netuid, 256);
        MaxAllowedValidators::<T>::insert(netuid, 64);
        MinAllowedWeights::<T>::insert(netuid, 1);
        ImmunityPeriod::<T>::insert(netuid, 5000);
        Yuma3On::<T>::insert(netuid, true);
        Burn::<T>::insert(netuid, NEW_SUBNET_BURN);
        SubnetEmissionEnabled::<T>::insert(netuid, true);
        SubnetMechanism::<T>::insert(netuid, 0);
        TokenSymbol::<T>::insert(netuid, symbol(netuid));
        Self::write_out_defaults(netuid);
    }

    /// Clients list some maps by their keys, hence values equal to the default are stored too.
    fn write_out_defaults(netuid: NetUid) {
        Kappa::<T>::insert(netuid, Kappa::<T>::get(netuid));
        ActivityCutoff::<T>::insert(netuid, ActivityCutoff::<T>::get(netuid));
        RegistrationsThisInterval::<T>::insert(netuid, 0);
    }

    pub(crate) fn do_start_call(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        Self::ensure_subnet_owner(origin, netuid)?;
        let started = FirstEmissionBlockNumber::<T>::contains_key(netuid);
        ensure!(!started, Error::<T>::FirstEmissionBlockNumberAlreadySet);
        let now = Self::current_block();
        let delay = StartCallDelay::<T>::get();
        let earliest = NetworkRegisteredAt::<T>::get(netuid).saturating_add(delay);
        ensure!(now >= earliest, Error::<T>::NeedWaitingMoreBlocksToStarCall);
        let first = now.saturating_add(1);
        FirstEmissionBlockNumber::<T>::insert(netuid, first);
        SubtokenEnabled::<T>::insert(netuid, true);
        Self::deposit_event(Event::FirstEmissionBlockNumberSet(netuid, first));
        Ok(())
    }

    /// Pays every staker back at the constant price, hands the rest of the pool to the owner and
    /// forgets the subnet.
    #[transactional]
    pub fn do_dissolve_network(netuid: NetUid) -> DispatchResult {
        let known = Self::subnet_exists(netuid) && netuid != ROOT;
        ensure!(known, Error::<T>::SubnetNotExists);
        Self::refund_stakers(netuid);
        Self::refund_owner(netuid)?;
        Self::forget_network(netuid);
        Self::deposit_event(Event::NetworkRemoved(netuid));
        Ok(())
    }

    fn refund_stakers(netuid: NetUid) {
        let of_subnet = Alpha::<T>::iter_keys().filter(|(_, _, n)| *n == netuid);
        let stakers: Vec<_> = of_subnet.collect();
        for (hotkey, coldkey, _) in stakers {
            let alpha = Self::stake_of(&hotkey, &coldkey, netuid);
            Self::decrease_stake(&hotkey, &coldkey, netuid, alpha);
            // Refused only when too small to open the staker's account: it stays in the pool then.
            let tao = alpha.min(SubnetTAO::<T>::get(netuid));
            let _ = Self::pay_out_of_pool(netuid, &coldkey, tao);
        }
    }

    fn refund_owner(netuid: NetUid) -> DispatchResult {
        let account = Self::subnet_account(netuid);
        let rest = T::Currency::balance(&account);
        TotalStake::<T>::mutate(|t| *t = t.saturating_sub(SubnetTAO::<T>::take(netuid)));
        if rest == 0 {
            return Ok(());
        }
        let owner = SubnetOwner::<T>::get(netuid);
        T::Currency::transfer(&account, &owner, rest, Preservation::Expendable)?;
        Ok(())
    }

    /// Whether `account` can spend `amount` and stay alive or empty itself.
    pub(crate) fn can_pay(account: &T::AccountId, amount: TaoBalance) -> bool {
        let free =
            T::Currency::reducible_balance(account, Preservation::Expendable, Fortitude::Polite);
        free >= amount
    }

    pub(crate) fn pay_into_pool(
        netuid: NetUid,
        from: &T::AccountId,
        amount: TaoBalance,
    ) -> DispatchResult {
        let pool = Self::subnet_account(netuid);
        T::Currency::transfer(from, &pool, amount, Preservation::Expendable)?;
        SubnetTAO::<T>::mutate(netuid, |tao| *tao = tao.saturating_add(amount));
        TotalStake::<T>::mutate(|total| *total = total.saturating_add(amount));
        Ok(())
    }

    pub(crate) fn pay_out_of_pool(
        netuid: NetUid,
        to: &T::AccountId,
        amount: TaoBalance,
    ) -> DispatchResult {
        let pool = Self::subnet_account(netuid);
        T::Currency::transfer(&pool, to, amount, Preservation::Expendable)?;
        SubnetTAO::<T>::mutate(netuid, |tao| *tao = tao.saturating_sub(amount));
        TotalStake::<T>::mutate(|total| *total = total.saturating_sub(amount));
        Ok(())
    }

    /// New TAO into a subnet's pool.
    pub(crate) fn mint_into_pool(netuid: NetUid, amount: TaoBalance) {
        // Refused only below the existential deposit of an empty account: nothing is minted then.
        if T::Currency::mint_into(&Self::subnet_account(netuid), amount).is_ok() {
            SubnetTAO::<T>::mutate(netuid, |tao| *tao = tao.saturating_add(amount));
            TotalStake::<T>::mutate(|total| *total = total.saturating_add(amount));
            TotalIssuance::<T>::mutate(|total| *total = total.saturating_add(amount));
        }
    }
}

/// Greek letters for the first subnets, as the chain has them; tau for root and the rest.
const LETTERS: [&str; 25] = [
    "\u{3a4}", "\u{3b1}", "\u{3b2}", "\u{3b3}", "\u{3b4}", "\u{3b5}", "\u{3b6}", "\u{3b7}",
    "\u{3b8}", "\u{3b9}", "\u{3ba}", "\u{3bb}", "\u{3bc}", "\u{3bd}", "\u{3be}", "\u{3bf}",
    "\u{3c0}", "\u{3c1}", "\u{3c3}", "t", "\u{3c5}", "\u{3c6}", "\u{3c7}", "\u{3c8}", "\u{3c9}",
];

pub(crate) fn symbol(netuid: NetUid) -> Vec<u8> {
    LETTERS
        .get(usize::from(netuid))
        .unwrap_or(&LETTERS[0])
        .as_bytes()
        .to_vec()
}

impl<T: Config> Pallet<T> {
    /// Another of the letters, which no subnet has yet.
    pub(crate) fn do_update_symbol(
        origin: OriginFor<T>,
        netuid: NetUid,
        symbol: Vec<u8>,
    ) -> DispatchResult {
        Self::ensure_subnet_owner_or_root(origin, netuid)?;
        let known = LETTERS
            .iter()
            .skip(1)
            .any(|known| known.as_bytes() == symbol);
        ensure!(known, Error::<T>::SymbolDoesNotExist);
        let taken = TokenSymbol::<T>::iter_values().any(|taken| taken == symbol);
        ensure!(!taken, Error::<T>::SymbolAlreadyInUse);
        TokenSymbol::<T>::insert(netuid, &symbol);
        Self::deposit_event(Event::SymbolUpdated { netuid, symbol });
        Ok(())
    }
}

/// Removes single entries of maps keyed by the netuid.
macro_rules! remove {
    ($key:expr; $($map:ident)*) => { $($map::<T>::remove($key);)* };
}

/// Removes all entries below a first key.
macro_rules! clear {
    ($key:expr; $($map:ident)*) => { $(let _ = $map::<T>::clear_prefix($key, u32::MAX, None);)* };
}

impl<T: Config> Pallet<T> {
    fn forget_network(netuid: NetUid) {
        for hotkey in Keys::<T>::iter_prefix_values(netuid) {
            IsNetworkMember::<T>::remove(hotkey, netuid);
        }
        TotalNetworks::<T>::mutate(|n| *n = n.saturating_sub(1));
        if SubnetIdentitiesV3::<T>::take(netuid).is_some() {
            Self::deposit_event(Event::SubnetIdentityRemoved(netuid));
        }
        T::Commitments::purge(netuid);
        Self::forget_neurons(netuid);
        Self::forget_relations(netuid);
        Self::forget_hyperparameters(netuid);
        Self::forget_economy(netuid);
    }

    fn forget_neurons(netuid: NetUid) {
        clear!(netuid; Uids Keys BlockAtRegistration Axons NeuronCertificates Prometheus
            AlphaDividendsPerSubnet RootAlphaDividendsPerSubnet PendingChildKeys
            AssociatedEvmAddress LastHotkeySwapOnNetuid);
        clear!(netuid; Weights Bonds WeightCommits TimelockedWeightCommits CRV3WeightCommits
            CRV3WeightCommitsV2);
        remove!(netuid; SubnetworkN Active Emission Consensus Dividends ValidatorPermit
            ValidatorTrust StakeWeight Incentive LastUpdate LoadedEmission);
    }

    fn forget_hyperparameters(netuid: NetUid) {
        remove!(netuid; Tempo Kappa Rho Difficulty MinDifficulty MaxDifficulty MaxAllowedUids
            MaxAllowedValidators ImmunityPeriod ActivityCutoff ActivityCutoffFactorMilli
            MinAllowedWeights WeightsSetRateLimit WeightsVersionKey ServingRateLimit
            AlphaSigmoidSteepness BondsMovingAverage BondsPenalty BondsResetOn LiquidAlphaOn
            Yuma3On AlphaValues CommitRevealWeightsEnabled RevealPeriodEpochs ValidatorPruneLen
            ScalingLawPower MinNonImmuneUids ImmuneOwnerUidsLimit MechanismCountCurrent
            MechanismEmissionSplit NetworkRegistrationAllowed NetworkPowRegistrationAllowed
            MaxRegistrationsPerBlock TargetRegistrationsPerInterval TransferToggle
            OwnerCutEnabled OwnerCutAutoLockEnabled RecycleOrBurn);
    }

    fn forget_economy(netuid: NetUid) {
        remove!(netuid; NetworksAdded SubnetOwner SubnetOwnerHotkey NetworkRegisteredAt
            SubnetMechanism FirstEmissionBlockNumber SubtokenEnabled TokenSymbol SubnetLocked
            LargestLocked Burn MinBurn MaxBurn BurnHalfLife BurnIncreaseMult
            RAORecycledForRegistration RegistrationsThisBlock RegistrationsThisInterval
            POWRegistrationsThisInterval BurnRegistrationsThisInterval LastAdjustmentBlock
            SubnetAlphaIn SubnetAlphaOut SubnetProtocolAlpha SubnetVolume SubnetMovingPrice
            SubnetTaoInEmission SubnetAlphaInEmission SubnetAlphaOutEmission
            SubnetEmissionEnabled NominatedHotkeys PendingServerEmission PendingValidatorEmission
            PendingRootAlphaDivs PendingOwnerCut MinerBurned BlocksSinceLastStep
            LastMechansimStepBlock LastEpochBlock PendingEpochAt SubnetEpochIndex
            EMAPriceHalvingBlocks RootProp MinChildkeyTakePerSubnet);
    }
}
