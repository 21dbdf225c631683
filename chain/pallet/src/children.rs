//! Child keys: a hotkey lets others validate with parts of its stake, on one subnet each, and they
//! pay for it out of their dividends.

use crate::pallet::*;
use crate::types::*;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use frame_system::RawOrigin;
use subnet_consensus::{inherited_stake, ChildStake, FamilyShares, ParentStake};

/// Parts out of `u64::MAX`, and whom they belong to.
type Relatives<T> = Vec<(u64, <T as frame_system::Config>::AccountId)>;

const MOST_CHILDREN: usize = 5;
/// Blocks between two changes of a hotkey's children.
const SET_CHILDREN_BLOCKS: u64 = 150;
/// Numbers under which the chain stores the block of the last use.
const SET_CHILDREN: u16 = 0;
const SET_CHILDKEY_TAKE: u16 = 1;

/// All relations on one subnet, read once for all of its neurons.
pub(crate) struct Family<T: Config> {
    children: BTreeMap<T::AccountId, Relatives<T>>,
    parents: BTreeMap<T::AccountId, Relatives<T>>,
}

impl<T: Config> Family<T> {
    /// Nearly always nobody has children: then nothing but that is read.
    pub(crate) fn of(netuid: NetUid) -> Self {
        let (mut children, mut parents) = (BTreeMap::new(), BTreeMap::new());
        let here = ChildKeys::<T>::iter().filter(|(_, of, _)| *of == netuid);
        for (parent, _, given) in here {
            for (part, child) in &given {
                let list: &mut Relatives<T> = parents.entry(child.clone()).or_default();
                list.push((*part, parent.clone()));
            }
            children.insert(parent, given);
        }
        Self { children, parents }
    }

    pub(crate) fn parents_of(&self, hotkey: &T::AccountId) -> &[(u64, T::AccountId)] {
        self.parents.get(hotkey).map_or(&[], Vec::as_slice)
    }

    fn children_of(&self, hotkey: &T::AccountId) -> &[(u64, T::AccountId)] {
        self.children.get(hotkey).map_or(&[], Vec::as_slice)
    }

    /// The hotkey's `own` stake without what its children have, with what its parents give.
    pub(crate) fn inherited(
        &self,
        hotkey: &T::AccountId,
        own: u64,
        stake: impl Fn(&T::AccountId) -> u64,
    ) -> u64 {
        let (children, parents) = (self.children_of(hotkey), self.parents_of(hotkey));
        if children.is_empty() && parents.is_empty() {
            return own;
        }
        inherit(own, children, parents, stake)
    }

    /// How `hotkey` shares a dividend with its parents.
    pub(crate) fn share(
        &self,
        netuid: NetUid,
        hotkey: &T::AccountId,
        dividend: AlphaBalance,
    ) -> FamilyShares {
        let owner = Owner::<T>::get(hotkey);
        let stakes = |of: &T::AccountId| {
            let alpha = TotalHotkeyAlpha::<T>::get(of, netuid);
            (alpha, TotalHotkeyAlpha::<T>::get(of, ROOT))
        };
        let parent = |(proportion, parent): &(u64, T::AccountId)| {
            let (alpha, root) = stakes(parent);
            let (proportion, same_owner) = (*proportion, Owner::<T>::get(parent) == owner);
            ParentStake {
                proportion,
                alpha,
                root,
                same_owner,
            }
        };
        let parents: Vec<ParentStake> = self.parents_of(hotkey).iter().map(parent).collect();
        let (alpha, root) = stakes(hotkey);
        let given = self.children_of(hotkey).iter().map(|(part, _)| *part);
        let child = ChildStake {
            given: given.collect(),
            alpha,
            root,
            take: Pallet::<T>::childkey_take(hotkey, netuid),
        };
        let weight = subnet_consensus::tao_weight_fraction(TaoWeight::<T>::get());
        let burn = CKBurn::<T>::get();
        subnet_consensus::share_with_parents(dividend, &child, &parents, weight, burn)
    }
}

fn inherit<A>(
    own: u64,
    children: &[(u64, A)],
    parents: &[(u64, A)],
    stake: impl Fn(&A) -> u64,
) -> u64 {
    let given: Vec<u64> = children.iter().map(|(part, _)| *part).collect();
    let from = |(part, parent): &(u64, A)| (*part, stake(parent));
    let received: Vec<(u64, u64)> = parents.iter().map(from).collect();
    inherited_stake(own, &given, &received)
}

/// Removes entries of maps keyed by an account and then the netuid.
macro_rules! forget {
    ($netuid:expr; $($map:ident)*) => { $(
        let here = $map::<T>::iter_keys().filter(|(_, of)| *of == $netuid);
        for (account, of) in here.collect::<Vec<_>>() {
            $map::<T>::remove(account, of);
        }
    )* };
}

impl<T: Config> Pallet<T> {
    /// Stake on `of` that `hotkey` speaks with on `netuid`, where its relatives are.
    pub(crate) fn inherited_on(hotkey: &T::AccountId, netuid: NetUid, of: NetUid) -> u64 {
        let stake = |who: &T::AccountId| TotalHotkeyAlpha::<T>::get(who, of);
        let children = ChildKeys::<T>::get(hotkey, netuid);
        let parents = ParentKeys::<T>::get(hotkey, netuid);
        inherit(stake(hotkey), &children, &parents, stake)
    }

    /// 65535ths of a parent's dividend that the child keeps.
    pub fn childkey_take(hotkey: &T::AccountId, netuid: NetUid) -> u16 {
        ChildkeyTake::<T>::get(hotkey, netuid).max(Self::least_childkey_take(netuid))
    }

    fn least_childkey_take(netuid: NetUid) -> u16 {
        MinChildkeyTake::<T>::get().max(MinChildkeyTakePerSubnet::<T>::get(netuid))
    }

    pub(crate) fn do_set_childkey_take(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        netuid: NetUid,
        take: u16,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        ensure!(
            Self::owns(&coldkey, &hotkey),
            Error::<T>::NonAssociatedColdKey
        );
        let bounds = Self::least_childkey_take(netuid)..=MaxChildkeyTake::<T>::get();
        ensure!(bounds.contains(&take), Error::<T>::InvalidChildkeyTake);
        let key = (&hotkey, netuid, SET_CHILDKEY_TAKE);
        let last = TransactionKeyLastBlock::<T>::get(key);
        let timely = Self::passes_rate_limit(TxChildkeyTakeRateLimit::<T>::get(), last);
        let lower = take <= Self::childkey_take(&hotkey, netuid);
        ensure!(lower || timely, Error::<T>::TxChildkeyTakeRateLimitExceeded);
        TransactionKeyLastBlock::<T>::insert(key, Self::current_block());
        ChildkeyTake::<T>::insert(&hotkey, netuid, take);
        Self::deposit_event(Event::ChildKeyTakeSet(hotkey, take));
        Ok(())
    }

    pub(crate) fn owns(coldkey: &T::AccountId, hotkey: &T::AccountId) -> bool {
        Owner::<T>::try_get(hotkey).is_ok_and(|owner| owner == *coldkey)
    }

    /// Now on a subnet that has not started; else with the first epoch after the cooldown.
    pub(crate) fn do_set_children(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        netuid: NetUid,
        children: Relatives<T>,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let key = (&hotkey, netuid, SET_CHILDREN);
        let last = TransactionKeyLastBlock::<T>::get(key);
        let timely = Self::passes_rate_limit(SET_CHILDREN_BLOCKS, last);
        ensure!(timely, Error::<T>::TxRateLimitExceeded);
        let root = Error::<T>::RegistrationNotPermittedOnRootSubnet;
        ensure!(netuid != ROOT, root);
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        ensure!(
            Self::owns(&coldkey, &hotkey),
            Error::<T>::NonAssociatedColdKey
        );
        let distinct: BTreeSet<_> = children.iter().map(|(_, child)| child).collect();
        ensure!(distinct.len() == children.len(), Error::<T>::DuplicateChild);
        Self::check_children(&hotkey, netuid, &children)?;
        let staked = children.is_empty() || Self::may_have_children(&hotkey, netuid);
        ensure!(staked, Error::<T>::NotEnoughStakeToSetChildkeys);
        TransactionKeyLastBlock::<T>::insert(key, Self::current_block());
        if !SubtokenEnabled::<T>::get(netuid) {
            Self::apply_children(&hotkey, netuid, children);
            return Ok(());
        }
        let block = Self::current_block().saturating_add(PendingChildKeyCooldown::<T>::get());
        PendingChildKeys::<T>::insert(netuid, &hotkey, (&children, block));
        let event = Event::SetChildrenScheduled(hotkey, netuid, block, children);
        Self::deposit_event(event);
        Ok(())
    }

    /// Nobody is its own child or a parent of its parent; all parts together are one at most.
    fn check_children(
        hotkey: &T::AccountId,
        netuid: NetUid,
        children: &[(u64, T::AccountId)],
    ) -> DispatchResult {
        let own = children.iter().any(|(_, child)| child == hotkey);
        ensure!(!own, Error::<T>::InvalidChild);
        let few = children.len() <= MOST_CHILDREN;
        ensure!(few, Error::<T>::TooManyChildren);
        let sum: u128 = children.iter().map(|(part, _)| u128::from(*part)).sum();
        ensure!(sum <= u128::from(u64::MAX), Error::<T>::ProportionOverflow);
        let parents = ParentKeys::<T>::get(hotkey, netuid);
        let parent = |child: &T::AccountId| parents.iter().any(|(_, parent)| parent == child);
        let circular = children.iter().any(|(_, child)| parent(child));
        ensure!(!circular, Error::<T>::ChildParentInconsistency);
        Ok(())
    }

    fn may_have_children(hotkey: &T::AccountId, netuid: NetUid) -> bool {
        let stake = |netuid| TotalHotkeyAlpha::<T>::get(hotkey, netuid);
        let all = Self::netuids().into_iter().map(stake);
        let sum = all.fold(0u64, u64::saturating_add);
        let owner = SubnetOwnerHotkey::<T>::try_get(netuid);
        sum >= StakeThreshold::<T>::get() || owner.is_ok_and(|owner| owner == *hotkey)
    }

    /// What waited long enough takes effect; what contradicts other relations is dropped.
    pub(crate) fn apply_pending_children(netuid: NetUid) {
        let now = Self::current_block();
        let started = SubtokenEnabled::<T>::get(netuid);
        let ripe = |(_, (_, block)): &(T::AccountId, (Relatives<T>, u64))| *block < now || !started;
        let pending = PendingChildKeys::<T>::iter_prefix(netuid).filter(ripe);
        for (hotkey, (children, _)) in pending.collect::<Vec<_>>() {
            Self::apply_children(&hotkey, netuid, children);
            PendingChildKeys::<T>::remove(netuid, &hotkey);
        }
    }

    fn apply_children(hotkey: &T::AccountId, netuid: NetUid, children: Relatives<T>) {
        if Self::check_children(hotkey, netuid, &children).is_ok() {
            Self::put_children(hotkey, netuid, children.clone());
            Self::deposit_event(Event::SetChildren(hotkey.clone(), netuid, children));
        }
    }

    /// Stores the children of `parent`, in the order of their keys as the chain does, and keeps the
    /// parents of all children in step.
    fn put_children(parent: &T::AccountId, netuid: NetUid, mut children: Relatives<T>) {
        children.sort_by(|(_, a), (_, b)| a.cmp(b));
        for (_, child) in ChildKeys::<T>::get(parent, netuid) {
            Self::edit_parents(&child, netuid, |parents| {
                parents.retain(|(_, p)| p != parent)
            });
        }
        for (part, child) in &children {
            Self::edit_parents(child, netuid, |parents| {
                parents.push((*part, parent.clone()))
            });
        }
        match children.is_empty() {
            true => ChildKeys::<T>::remove(parent, netuid),
            false => ChildKeys::<T>::insert(parent, netuid, children),
        }
    }

    fn edit_parents(child: &T::AccountId, netuid: NetUid, edit: impl FnOnce(&mut Relatives<T>)) {
        let mut parents = ParentKeys::<T>::get(child, netuid);
        edit(&mut parents);
        match parents.is_empty() {
            true => ParentKeys::<T>::remove(child, netuid),
            false => ParentKeys::<T>::insert(child, netuid, parents),
        }
    }

    /// Puts `new` in the place of `old` in all relations of one subnet, pending ones too.
    pub(crate) fn swap_relatives(
        old: &T::AccountId,
        new: &T::AccountId,
        netuid: NetUid,
    ) -> DispatchResult {
        let children = ChildKeys::<T>::get(old, netuid);
        let parents = ParentKeys::<T>::get(old, netuid);
        let known = |list: &[(u64, T::AccountId)]| list.iter().any(|(_, who)| who == new);
        let own = known(&children) || known(&parents);
        ensure!(!own, Error::<T>::InvalidChild);
        Self::put_children(old, netuid, Vec::new());
        let rename = |list: Relatives<T>| -> Relatives<T> {
            let renamed = |(part, who): (u64, T::AccountId)| match who == *old {
                true => (part, new.clone()),
                false => (part, who),
            };
            list.into_iter().map(renamed).collect()
        };
        for (_, parent) in parents {
            let renamed = rename(ChildKeys::<T>::get(&parent, netuid));
            Self::put_children(&parent, netuid, renamed);
        }
        if !children.is_empty() {
            Self::put_children(new, netuid, children);
        }
        if let Ok((children, block)) = PendingChildKeys::<T>::try_get(netuid, old) {
            Self::check_children(new, netuid, &children)?;
            PendingChildKeys::<T>::remove(netuid, old);
            PendingChildKeys::<T>::insert(netuid, new, (children, block));
        }
        let waiting: Vec<_> = PendingChildKeys::<T>::iter_prefix(netuid).collect();
        let names_old = |list: &Relatives<T>| list.iter().any(|(_, who)| who == old);
        for (parent, (children, block)) in waiting {
            if names_old(&children) {
                PendingChildKeys::<T>::insert(netuid, parent, (rename(children), block));
            }
        }
        Ok(())
    }

    /// What hotkeys and coldkeys have arranged for a subnet that is removed.
    pub(crate) fn forget_relations(netuid: NetUid) {
        forget!(netuid; ChildKeys ParentKeys ChildkeyTake AutoStakeDestination
            AutoStakeDestinationColdkeys TotalHotkeyAlphaLastEpoch LastHotkeyEmissionOnNetuid);
    }

    /// Every root validator that did not opt out lends its whole stake to a new subnet's owner.
    pub(crate) fn lend_root_stake(netuid: NetUid) {
        let owner = SubnetOwnerHotkey::<T>::get(netuid);
        let validators = Keys::<T>::iter_prefix_values(ROOT);
        let willing = |hotkey: &T::AccountId| {
            *hotkey != owner && AutoParentDelegationEnabled::<T>::get(hotkey)
        };
        for hotkey in validators.filter(willing).collect::<Vec<_>>() {
            let coldkey = RawOrigin::Signed(Owner::<T>::get(&hotkey)).into();
            let children = vec![(u64::MAX, owner.clone())];
            // Refused where a validator has relations that this would contradict: it lends nothing.
            let _ = Self::do_set_children(coldkey, hotkey, netuid, children);
        }
    }

    pub(crate) fn do_set_auto_parent_delegation(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        enabled: bool,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        ensure!(
            Self::owns(&coldkey, &hotkey),
            Error::<T>::NonAssociatedColdKey
        );
        let seated = Uids::<T>::contains_key(ROOT, &hotkey);
        ensure!(seated, Error::<T>::HotKeyNotRegisteredInSubNet);
        AutoParentDelegationEnabled::<T>::insert(&hotkey, enabled);
        Self::deposit_event(Event::AutoParentDelegationEnabledSet { hotkey, enabled });
        Ok(())
    }
}
