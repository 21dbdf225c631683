//! The code of a running chain is exchanged: what was there is there afterwards, in the other form.

mod common;
mod modern;

use common::*;
use frame_support::assert_ok;
use frame_support::traits::OnRuntimeUpgrade;
use pallet_subtensor::pallet as new;
use sp_core::H256;

type Modern = new::Pallet<modern::Test>;

fn is_stored(item: &str) -> bool {
    let prefix = frame_support::storage::storage_prefix(b"SubtensorModule", item.as_bytes());
    frame_support::storage::unhashed::contains_prefixed_key(&prefix)
}

/// Block 13: weights were set in 9, hash commits made in 12; the epoch of block 8 is the last.
fn before() -> sp_io::TestExternalities {
    let mut ext = chain(populated());
    ext.execute_with(|| {
        assert_ok!(SubtensorModule::become_delegate(signed(1001), id(1)));
        assert_ok!(SubtensorModule::add_stake(signed(300), id(1), 50 * TAO));
        run_to(9);
        assert_ok!(set_weights(1, &[(2, 3), (3, 1)]));
        run_to(12);
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, true);
        let hash = H256::repeat_byte(7);
        assert_ok!(SubtensorModule::commit_weights(signed(1), NETUID, hash));
        run_to(13);
    });
    ext
}

fn upgrade() {
    Modern::on_runtime_upgrade();
}

fn downgrade() {
    Pallet::<Test>::migrate_from_modern();
}

#[test]
fn a_chain_of_either_runtime_is_left_alone_by_its_own() {
    let mut ext = before();
    let root = ext.execute_with(|| {
        let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
        downgrade();
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
        upgrade();
        let after = sp_io::storage::root(sp_runtime::StateVersion::V1);
        upgrade();
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), after);
        (before, after)
    });
    assert_ne!(root.0, root.1);
}

#[test]
fn stake_becomes_alpha_with_tao_behind_it() {
    before().execute_with(|| {
        let (own, other) = (stake_of(1, coldkey(1)), stake_of(1, id(300)));
        let (total, issued) = (TotalStake::<Test>::get(), TotalIssuance::<Test>::get());
        upgrade();
        assert_eq!(Modern::stake_of(&id(1), &coldkey(1), NETUID), own);
        assert!(Modern::stake_of(&id(1), &id(300), NETUID).abs_diff(other) <= 1);
        assert_eq!(new::SubnetTAO::<modern::Test>::get(NETUID), total);
        assert_eq!(new::SubnetAlphaOut::<modern::Test>::get(NETUID), total);
        assert_eq!(
            Balances::free_balance(Modern::subnet_account(NETUID)),
            total
        );
        assert_eq!(new::TotalIssuance::<modern::Test>::get(), issued);
        assert_eq!(Balances::total_issuance(), issued);
        for gone in [
            "Stake",
            "TotalHotkeyStake",
            "TotalColdkeyStake",
            "Rank",
            "Trust",
            "PruningScores",
        ] {
            assert!(!is_stored(gone), "{gone}");
        }
    });
}

#[test]
fn the_schedule_goes_on_from_the_last_epoch() {
    before().execute_with(|| {
        upgrade();
        assert_eq!(new::LastEpochBlock::<modern::Test>::get(NETUID), 8);
        // Epochs of the older count: one began with block 9, the next will with block 20.
        assert_eq!(new::SubnetEpochIndex::<modern::Test>::get(NETUID), 1);
        assert_eq!(LastMechansimStepBlock::<Test>::get(NETUID), 8);
        modern::run_to(17);
        assert_eq!(new::SubnetEpochIndex::<modern::Test>::get(NETUID), 1);
        modern::run_to(18);
        assert_eq!(new::SubnetEpochIndex::<modern::Test>::get(NETUID), 2);
        assert_eq!(new::LastEpochBlock::<modern::Test>::get(NETUID), 18);
    });
}

#[test]
fn an_upgrade_just_before_an_epoch_does_not_lose_it() {
    let mut ext = before();
    ext.execute_with(|| run_to(18));
    ext.execute_with(|| {
        upgrade();
        modern::run_to(19);
        assert_eq!(new::LastEpochBlock::<modern::Test>::get(NETUID), 19);
        assert_eq!(new::SubnetEpochIndex::<modern::Test>::get(NETUID), 2);
    });
}

#[test]
fn weights_set_before_pay_after() {
    before().execute_with(|| {
        upgrade();
        let miner = || Modern::stake_of(&id(2), &coldkey(2), NETUID);
        let before = miner();
        modern::run_to(30);
        assert!(miner() > before, "{before}");
        let incentive = new::Incentive::<modern::Test>::get(NETUID);
        assert!(
            incentive[2] > incentive[3] && incentive[3] > 0,
            "{incentive:?}"
        );
        assert_eq!(
            new::SubnetOwnerHotkey::<modern::Test>::get(NETUID),
            id(OWNER_HOTKEY)
        );
    });
}

#[test]
fn commits_keep_their_epoch() {
    before().execute_with(|| {
        upgrade();
        let commits = new::WeightCommits::<modern::Test>::get(NETUID, id(1)).expect("waits");
        assert_eq!(commits, [(H256::repeat_byte(7), 1, 12, 0)]);
        assert!(new::CommitRevealWeightsEnabled::<modern::Test>::get(NETUID));
    });
}

#[test]
fn the_first_block_of_the_older_code_migrates_and_allows_the_next_upgrade() {
    before().execute_with(|| {
        upgrade();
        let modern = frame_system::LastRuntimeUpgradeInfo {
            spec_version: 425u32.into(),
            spec_name: "node-subtensor".into(),
        };
        frame_system::LastRuntimeUpgrade::<Test>::put(modern);
        run_to(14);
        assert!(is_stored("Stake") && !is_stored("Alpha"));
        let last = frame_system::LastRuntimeUpgrade::<Test>::get().expect("stored");
        assert_eq!(last.spec_version.0, System::runtime_version().spec_version);
    });
}

#[test]
fn the_way_back_restores_what_the_older_dialect_knows() {
    before().execute_with(|| {
        let kept = || {
            let stakes = (
                stake_of(1, coldkey(1)),
                TotalHotkeyStake::<Test>::get(id(1)),
            );
            let lists = (
                Keys::<Test>::get(NETUID, 3),
                Weights::<Test>::get(NETUID, 1),
            );
            let commits = WeightCommits::<Test>::get(NETUID, id(1));
            (
                stakes,
                lists,
                commits,
                Balances::total_issuance(),
                ActivityCutoff::<Test>::get(NETUID),
            )
        };
        let (issued, was) = (TotalIssuance::<Test>::get(), kept());
        upgrade();
        downgrade();
        let (is, was) = (kept(), was);
        assert!(is.0 .0.abs_diff(was.0 .0) <= 1 && is.0 .1.abs_diff(was.0 .1) <= 1);
        assert_eq!((&is.1, &is.2, is.3), (&was.1, &was.2, was.3));
        assert!(TotalIssuance::<Test>::get().abs_diff(issued) <= 2);
        assert_eq!(Rank::<Test>::get(NETUID).len(), 4);
        for gone in [
            "Alpha",
            "TotalHotkeyAlpha",
            "LastEpochBlock",
            "SubnetEpochIndex",
            "SubnetTAO",
        ] {
            assert!(!is_stored(gone), "{gone}");
        }
        run_to(19);
        assert_eq!(LastMechansimStepBlock::<Test>::get(NETUID), 19);
    });
}

#[test]
fn the_keys_of_the_encrypted_mempool_are_forgotten() {
    before().execute_with(|| {
        let prefix = sp_io::hashing::twox_128(b"MevShield");
        let version = [&prefix[..], b"version"].concat();
        upgrade();
        sp_io::storage::set(&version, b"0");
        downgrade();
        assert!(!frame_support::storage::unhashed::contains_prefixed_key(
            &prefix
        ));
    });
}
