//! The transaction envelope: what clients sign, and who may send without funds.
#![cfg(not(feature = "legacy"))]

use codec::{Compact, Decode, Encode};
use frame_support::traits::Hooks;
use node_subtensor_runtime::*;
use pallet_subtensor::pallet as subtensor;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::{sr25519, Pair};
use sp_runtime::generic::Era;
use sp_runtime::traits::{BlakeTwo256, Hash as _};
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidityError,
};
use sp_runtime::{BuildStorage, MultiAddress, MultiSignature};

const GENESIS: [u8; 32] = [0x45; 32];
const RICH: u64 = 1_000_000_000_000;
const SIGNED_V4: u8 = 0x84;

fn pair(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(name, None).expect("a development key")
}

fn account(name: &str) -> AccountId {
    AccountId::from(pair(name).public())
}

/// One started subnet; Bob's hotkey is a neuron that never held TAO.
fn chain() -> sp_io::TestExternalities {
    let json = serde_json::json!({
        "system": {},
        "aura": { "authorities": [account("//Alice")] },
        "balances": {
            "balances": [[account("//Alice"), RICH], [account("//Ferdie"), RICH]],
            "devAccounts": null,
        },
        "transactionPayment": { "multiplier": "1000000000000000000" },
        "sudo": { "key": account("//Alice") },
        "drand": {},
        "subtensorModule": { "subnets": [{
            "netuid": 1,
            "ownerColdkey": account("//Alice"),
            "ownerHotkey": account("//Alice"),
            "commitRevealEnabled": false,
            "started": true,
            "neurons": [{ "hotkey": account("//Bob"), "coldkey": account("//Alice") }],
        }] },
    });
    let config: RuntimeGenesisConfig = serde_json::from_value(json).expect("genesis");
    let mut ext = sp_io::TestExternalities::new(config.build_storage().expect("storage"));
    ext.execute_with(|| {
        System::set_block_number(1);
        frame_system::BlockHash::<Runtime>::insert(0, Hash::from(GENESIS));
        SubtensorModule::on_initialize(1);
    });
    ext
}

/// The bytes that a client of the real chain makes: version 4, immortal, no tip, no metadata hash.
fn transaction(name: &str, call: impl Into<RuntimeCall>, nonce: Nonce) -> UncheckedExtrinsic {
    signed(name, call.into(), nonce, Era::Immortal)
}

/// The era's first block is the genesis block, or there is none.
fn signed(name: &str, call: RuntimeCall, nonce: Nonce, era: Era) -> UncheckedExtrinsic {
    let extra = (era, Compact(nonce), Compact(0u64), 0u8).encode();
    let implicit = (425u32, 1u32, GENESIS, GENESIS, None::<[u8; 32]>).encode();
    let payload = [call.encode(), extra.clone(), implicit].concat();
    let signed = match payload.len() > 256 {
        true => BlakeTwo256::hash(&payload).encode(),
        false => payload,
    };
    let signature = MultiSignature::from(pair(name).sign(&signed));
    let address: Address = MultiAddress::Id(account(name));
    let body = [
        vec![SIGNED_V4],
        address.encode(),
        signature.encode(),
        extra,
        call.encode(),
    ];
    let bytes = body.concat().encode();
    UncheckedExtrinsic::decode(&mut &bytes[..]).expect("the bytes decode")
}

fn validate(tx: UncheckedExtrinsic) -> Result<(), TransactionValidityError> {
    let hash = System::block_hash(0);
    Executive::validate_transaction(TransactionSource::External, tx, hash).map(|_| ())
}

fn axon(ip: u128) -> subtensor::Call<Runtime> {
    subtensor::Call::serve_axon {
        netuid: 1,
        version: 1,
        ip,
        port: 8091,
        ip_type: 4,
        protocol: 4,
        placeholder1: 0,
        placeholder2: 0,
    }
}

fn invalid(reason: InvalidTransaction) -> Result<(), TransactionValidityError> {
    Err(TransactionValidityError::Invalid(reason))
}

#[test]
fn an_unfunded_hotkey_sends_what_costs_nothing_and_its_nonce_counts() {
    chain().execute_with(|| {
        assert_eq!(validate(transaction("//Bob", axon(9), 0)), Ok(()));
        assert_eq!(
            Executive::apply_extrinsic(transaction("//Bob", axon(9), 0)),
            Ok(Ok(()))
        );
        assert_eq!(System::account_nonce(account("//Bob")), 1);
        assert_eq!(Balances::free_balance(account("//Bob")), 0);
        assert!(subtensor::Axons::<Runtime>::contains_key(
            1,
            account("//Bob")
        ));
        let again = validate(transaction("//Bob", axon(9), 0));
        assert_eq!(again, invalid(InvalidTransaction::Stale));
    });
}

#[test]
fn an_unfunded_account_cannot_send_what_costs() {
    chain().execute_with(|| {
        let call = subtensor::Call::burned_register {
            netuid: 1,
            hotkey: account("//Bob"),
        };
        let refused = validate(transaction("//Bob", call, 0));
        assert_eq!(refused, invalid(InvalidTransaction::Payment));
    });
}

#[test]
fn a_later_nonce_waits_for_the_earlier_one() {
    chain().execute_with(|| {
        let late = transaction("//Bob", axon(9), 2);
        let hash = System::block_hash(0);
        let source = TransactionSource::External;
        let validity = Executive::validate_transaction(source, late.clone(), hash).expect("valid");
        assert_eq!(validity.requires, vec![(account("//Bob"), 1u32).encode()]);
        assert_eq!(validity.provides, vec![(account("//Bob"), 2u32).encode()]);
        let applied = Executive::apply_extrinsic(late);
        assert_eq!(applied, Err(InvalidTransaction::Future.into()));
    });
}

#[test]
fn the_pool_answers_with_the_chains_numbers() {
    chain().execute_with(|| {
        let localhost = validate(transaction("//Bob", axon(0x7f00_0001), 0));
        assert_eq!(localhost, invalid(InvalidTransaction::Custom(11)));
        let stranger = validate(transaction("//Charlie", axon(9), 0));
        assert_eq!(stranger, invalid(InvalidTransaction::Custom(10)));
    });
}

#[test]
fn only_the_sudo_key_reaches_a_block_with_a_sudo_call() {
    chain().execute_with(|| {
        let call = || {
            let inner = frame_system::Call::remark { remark: vec![] };
            RuntimeCall::Sudo(pallet_sudo::Call::sudo {
                call: Box::new(inner.into()),
            })
        };
        let refused = validate(transaction("//Ferdie", call(), 0));
        assert_eq!(refused, invalid(InvalidTransaction::BadSigner));
        assert_eq!(validate(transaction("//Alice", call(), 0)), Ok(()));
    });
}

#[test]
fn a_fee_is_one_rao_a_byte_and_a_half_thousandth_a_unit_of_weight() {
    chain().execute_with(|| {
        let call = subtensor::Call::burned_register {
            netuid: 1,
            hotkey: account("//Dave"),
        };
        let tx = transaction("//Alice", call, 0);
        let info = TransactionPayment::query_info(tx.clone(), tx.encoded_size() as u32);
        let expected = info.weight.ref_time() / 2_000 + tx.encoded_size() as u64;
        assert!(
            info.partial_fee.abs_diff(expected) <= 100_000,
            "{} {expected}",
            info.partial_fee
        );
        assert!(info.partial_fee < 3_000_000, "{}", info.partial_fee);
    });
}

#[test]
fn the_indices_that_clients_encode_are_the_real_chains() {
    let weights = subtensor::Call::<Runtime>::set_weights {
        netuid: 1,
        dests: vec![2],
        weights: vec![3],
        version_key: 4,
    };
    let expected = "070001000402000403000400000000000000";
    assert_eq!(
        sp_core::bytes::to_hex(&RuntimeCall::from(weights).encode(), false),
        format!("0x{expected}")
    );
    let register = subtensor::Call::<Runtime>::burned_register {
        netuid: 1,
        hotkey: [7; 32].into(),
    };
    assert_eq!(RuntimeCall::from(register).encode()[..4], [7, 7, 1, 0]);
    let limit = subtensor::Call::<Runtime>::register_limit {
        netuid: 1,
        hotkey: [7; 32].into(),
        limit_price: 5,
    };
    assert_eq!(RuntimeCall::from(limit).encode()[..4], [7, 134, 1, 0]);
}

/// Type of the pallets' storage and calls by version, as clients see them.
#[test]
fn types_of_pallets_have_the_same_numbers_in_both_versions_of_the_metadata() {
    use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
    let decode = |version| {
        let opaque = chain().execute_with(|| metadata::at_version(version));
        let opaque = opaque.expect("offered");
        let bytes: Vec<u8> = (*opaque).clone();
        RuntimeMetadataPrefixed::decode(&mut &bytes[..])
            .expect("decodes")
            .1
    };
    let (RuntimeMetadata::V14(old), RuntimeMetadata::V15(new)) = (decode(14), decode(15)) else {
        panic!("other versions than asked for");
    };
    for (old, new) in old.pallets.iter().zip(&new.pallets) {
        let calls = |ty: Option<u32>| (old.name.clone(), ty);
        let before = calls(old.calls.as_ref().map(|calls| calls.ty.id));
        assert_eq!(before, calls(new.calls.as_ref().map(|calls| calls.ty.id)));
        let entries = old
            .storage
            .iter()
            .flat_map(|storage| storage.entries.clone());
        let now = new
            .storage
            .iter()
            .flat_map(|storage| storage.entries.clone());
        assert!(entries.map(|entry| entry.ty).eq(now.map(|entry| entry.ty)));
    }
    assert!(chain().execute_with(|| metadata::at_version(16)).is_some());
}

fn transfer(amount: u64) -> RuntimeCall {
    let dest = MultiAddress::Id(account("//Dave"));
    let value = amount;
    RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive { dest, value })
}

#[test]
fn a_batch_pays_several_and_says_where_it_stopped() {
    chain().execute_with(|| {
        let calls = vec![transfer(1_000), transfer(u64::MAX), transfer(1_000)];
        let batch = pallet_utility::Call::batch { calls };
        let done = Executive::apply_extrinsic(transaction("//Alice", batch, 0));
        assert_eq!(done, Ok(Ok(())));
        assert_eq!(Balances::free_balance(account("//Dave")), 1_000);
        let stopped = |event: &RuntimeEvent| {
            matches!(
                event,
                RuntimeEvent::Utility(pallet_utility::Event::BatchInterrupted { index: 1, .. })
            )
        };
        assert!(System::events().iter().any(|record| stopped(&record.event)));
    });
}

#[test]
fn a_batch_in_a_batch_is_refused() {
    chain().execute_with(|| {
        let inner = pallet_utility::Call::batch { calls: vec![] };
        let calls = vec![RuntimeCall::Utility(inner)];
        let outer = pallet_utility::Call::batch_all { calls };
        let done = Executive::apply_extrinsic(transaction("//Alice", outer, 0));
        let filtered = frame_system::Error::<Runtime>::CallFiltered;
        assert_eq!(done, Ok(Err(filtered.into())));
    });
}

#[test]
fn what_a_neuron_commits_is_in_the_metagraph_and_may_reset_bonds() {
    chain().execute_with(|| {
        let bob = account("//Bob");
        let uid = subtensor::Uids::<Runtime>::get(1, &bob).expect("a uid");
        subtensor::BondsResetOn::<Runtime>::insert(1, true);
        subtensor::Bonds::<Runtime>::insert(1, 0, vec![(uid, 5), (0, 7)]);
        let fields = vec![pallet_commitments::types::Data::ResetBondsFlag];
        let fields = fields.try_into().expect("three fields");
        let info = Box::new(pallet_commitments::types::CommitmentInfo { fields });
        let commit = pallet_commitments::Call::set_commitment { netuid: 1, info };
        let done = Executive::apply_extrinsic(transaction("//Bob", commit, 0));
        assert_eq!(done, Ok(Ok(())));
        assert_eq!(subtensor::Bonds::<Runtime>::get(1, 0), [(0, 7)]);
        let seen = SubtensorModule::get_selective_metagraph(1, vec![73]).expect("a subnet");
        let committed = seen.commitments.expect("asked for");
        assert_eq!(committed.len(), 1);
        assert_eq!(committed[0].0, bob);
    });
}

fn carrier(ciphertext: Vec<u8>) -> RuntimeCall {
    let ciphertext = ciphertext.try_into().expect("short enough");
    RuntimeCall::MevShield(pallet_shield::Call::submit_encrypted { ciphertext })
}

/// Parts of the right lengths, with nothing to open in them.
fn sealed() -> Vec<u8> {
    [&[9; 16][..], &1088u16.to_le_bytes(), &[1; 1088 + 24 + 200]].concat()
}

#[test]
fn a_carrier_is_well_formed_and_lives_eight_blocks_at_most() {
    chain().execute_with(|| {
        let within = |blocks| {
            validate(signed(
                "//Alice",
                carrier(sealed()),
                0,
                Era::mortal(blocks, 0),
            ))
        };
        assert_eq!(within(4), Ok(()));
        assert_eq!(within(8), Ok(()));
        assert_eq!(within(16), invalid(InvalidTransaction::Stale));
        let for_ever = validate(transaction("//Alice", carrier(sealed()), 0));
        assert_eq!(for_ever, invalid(InvalidTransaction::Stale));
        let malformed = validate(signed(
            "//Alice",
            carrier(vec![1; 40]),
            0,
            Era::mortal(8, 0),
        ));
        assert_eq!(malformed, invalid(InvalidTransaction::Custom(23)));
        let other = validate(signed("//Alice", transfer(1_000), 0, Era::mortal(64, 0)));
        assert_eq!(other, Ok(()));
    });
}

fn announcement(key: Option<pallet_shield::ShieldEncKey>) -> UncheckedExtrinsic {
    UncheckedExtrinsic::new_bare(pallet_shield::Call::announce_next_key { enc_key: key }.into())
}

#[test]
fn a_key_is_announced_at_the_head_of_a_block_and_not_by_the_pool() {
    chain().execute_with(|| {
        let key: pallet_shield::ShieldEncKey = vec![7; pallet_shield::KEY_LENGTH]
            .try_into()
            .expect("short enough");
        let refused = Executive::validate_transaction(
            TransactionSource::External,
            announcement(Some(key.clone())),
            System::block_hash(0),
        );
        assert_eq!(
            refused.err(),
            Some(sp_runtime::transaction_validity::UnknownTransaction::NoUnsignedValidator.into())
        );
        let done = Executive::apply_extrinsic(announcement(Some(key.clone())));
        assert_eq!(done, Ok(Ok(())));
        let author = AuraId::from(pair("//Alice").public());
        assert_eq!(pallet_shield::AuthorKeys::<Runtime>::get(author), Some(key));
    });
}
