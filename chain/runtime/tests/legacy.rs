//! The older dialect as a client meets it: what the metadata lists and what it lacks, the bytes that
//! are signed, the numbers of the pool.
#![cfg(feature = "legacy")]

use codec::{Compact, Decode, Encode};
use frame_metadata::v15::RuntimeMetadataV15;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use frame_support::traits::{GetStorageVersion, Hooks};
use node_subtensor_runtime::*;
use scale_info::TypeDef;
use sp_core::{sr25519, Pair};
use sp_runtime::generic::Era;
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidityError,
};
use sp_runtime::{BuildStorage, MultiAddress, MultiSignature};
use subtensor::Call;

const GENESIS: [u8; 32] = [0x45; 32];
const RICH: u64 = 1_000_000_000_000;

fn pair(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(name, None).expect("a development key")
}

fn account(name: &str) -> AccountId {
    AccountId::from(pair(name).public())
}

/// The genesis that the modern runtime takes, with hyperparameters that this one does not know.
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
        "subtensorModule": { "taoWeight": 0, "adminFreezeWindow": 0, "subnets": [{
            "netuid": 1,
            "ownerColdkey": account("//Alice"),
            "ownerHotkey": account("//Alice"),
            "tempo": 10,
            "activityCutoffFactorMilli": 3000,
            "yuma3": true,
            "started": true,
            "neurons": [{
                "hotkey": account("//Bob"), "coldkey": account("//Alice"), "stakeRao": 5_000,
            }],
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

fn transaction(name: &str, call: Call<Runtime>) -> UncheckedExtrinsic {
    let call = RuntimeCall::from(call);
    let extra = (Era::Immortal, Compact(0u32), Compact(0u64), 0u8).encode();
    let implicit = (218u32, 1u32, GENESIS, GENESIS, None::<[u8; 32]>).encode();
    let payload = [call.encode(), extra.clone(), implicit].concat();
    let signature = MultiSignature::from(pair(name).sign(&payload));
    let address: Address = MultiAddress::Id(account(name));
    let body = [
        vec![0x84],
        address.encode(),
        signature.encode(),
        extra,
        call.encode(),
    ];
    let bytes = body.concat().encode();
    UncheckedExtrinsic::decode(&mut &bytes[..]).expect("the bytes decode")
}

fn validate(tx: UncheckedExtrinsic) -> Result<u64, TransactionValidityError> {
    let hash = System::block_hash(0);
    let validity = Executive::validate_transaction(TransactionSource::External, tx, hash)?;
    Ok(validity.longevity)
}

fn set_weights() -> Call<Runtime> {
    Call::set_weights {
        netuid: 1,
        dests: vec![1],
        weights: vec![1],
        version_key: 0,
    }
}

fn metadata() -> RuntimeMetadataV15 {
    // The length of a slot is a constant that is kept in storage.
    let opaque = sp_io::TestExternalities::default().execute_with(|| metadata::at_version(15));
    let bytes: Vec<u8> = (*opaque.expect("version 15")).clone();
    match RuntimeMetadataPrefixed::decode(&mut &bytes[..])
        .expect("decodes")
        .1
    {
        RuntimeMetadata::V15(metadata) => metadata,
        other => panic!("version {}", other.version()),
    }
}

fn storage_items(metadata: &RuntimeMetadataV15) -> Vec<String> {
    let mut pallets = metadata.pallets.iter();
    let module = pallets.find(|pallet| pallet.name == "SubtensorModule");
    let storage = module
        .and_then(|module| module.storage.as_ref())
        .expect("storage");
    storage
        .entries
        .iter()
        .map(|entry| entry.name.clone())
        .collect()
}

/// Names of the calls or errors of a pallet with their fields.
fn variants(metadata: &RuntimeMetadataV15, ty: u32) -> Vec<(String, Vec<String>)> {
    let TypeDef::Variant(all) = &metadata.types.resolve(ty).expect("a type").type_def else {
        panic!("not an enum");
    };
    let fields = |variant: &scale_info::Variant<scale_info::form::PortableForm>| {
        let names = variant.fields.iter().map(|field| field.name.clone());
        names.map(Option::unwrap_or_default).collect()
    };
    let named = all
        .variants
        .iter()
        .map(|variant| (variant.name.clone(), fields(variant)));
    named.collect()
}

fn calls(metadata: &RuntimeMetadataV15) -> Vec<(String, Vec<String>)> {
    let mut pallets = metadata.pallets.iter();
    let module = pallets
        .find(|pallet| pallet.name == "SubtensorModule")
        .expect("the module");
    variants(metadata, module.calls.as_ref().expect("calls").ty.id)
}

#[test]
fn the_version_is_218_of_the_same_chain() {
    assert_eq!(VERSION.spec_name, "node-subtensor");
    assert_eq!(
        (VERSION.spec_version, VERSION.transaction_version),
        (218, 1)
    );
}

#[test]
fn storage_is_that_of_then() {
    let items = storage_items(&metadata());
    let has = |name: &str| items.iter().any(|item| item == name);
    let then = [
        "Rank",
        "Trust",
        "PruningScores",
        "Stake",
        "TotalHotkeyStake",
        "ActivityCutoff",
        "EmissionValues",
        "PendingEmission",
        "BlocksSinceLastStep",
        "LastMechansimStepBlock",
    ];
    for name in then {
        assert!(has(name), "{name}");
    }
    let later = [
        "LastEpochBlock",
        "PendingEpochAt",
        "SubnetEpochIndex",
        "TotalHotkeyAlpha",
        "Alpha",
        "MechanismCountCurrent",
        "TimelockedWeightCommits",
        "CommitRevealWeightsVersion",
        "AdminFreezeWindow",
        "ActivityCutoffFactorMilli",
        "SubnetOwnerHotkey",
        "Yuma3On",
        "SubtokenEnabled",
        "TaoWeight",
    ];
    for name in later {
        assert!(!has(name), "{name}");
    }
}

#[test]
fn calls_have_the_arguments_of_then() {
    let calls = calls(&metadata());
    let arguments = |name: &str| {
        let found = calls.iter().find(|(known, _)| known == name);
        found.map(|(_, fields)| fields.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(arguments("register_network"), Some(vec![]));
    assert_eq!(
        arguments("add_stake"),
        Some(vec!["hotkey", "amount_staked"])
    );
    assert_eq!(
        arguments("remove_stake"),
        Some(vec!["hotkey", "amount_unstaked"])
    );
    assert_eq!(arguments("burned_register"), Some(vec!["netuid", "hotkey"]));
    assert_eq!(
        arguments("commit_weights"),
        Some(vec!["netuid", "commit_hash"])
    );
    let later = [
        "set_mechanism_weights",
        "commit_timelocked_weights",
        "start_call",
        "register_limit",
        "add_stake_limit",
    ];
    for name in later {
        assert_eq!(arguments(name), None, "{name}");
    }
    assert_eq!(RuntimeCall::from(set_weights()).encode()[..4], [7, 0, 1, 0]);
}

#[test]
fn no_subnet_has_a_runtime_api() {
    let metadata = metadata();
    let apis: Vec<&str> = metadata.apis.iter().map(|api| api.name.as_str()).collect();
    let of_subnets = [
        "NeuronInfo",
        "SubnetInfo",
        "DelegateInfo",
        "StakeInfo",
        "SwapRuntime",
        "Yuma",
    ];
    for part in of_subnets {
        assert!(
            !apis.iter().any(|name| name.contains(part)),
            "{part}: {apis:?}"
        );
    }
    assert!(Runtime::metadata_versions().contains(&15));
}

#[test]
fn extensions_have_the_names_of_then() {
    let metadata = metadata();
    let extensions = metadata.extrinsic.signed_extensions.iter();
    let names: Vec<&str> = extensions
        .map(|extension| extension.identifier.as_str())
        .collect();
    assert_eq!(
        names[8..],
        [
            "SubtensorSignedExtension",
            "CommitmentsSignedExtension",
            "CheckMetadataHash"
        ]
    );
    assert!(!names.contains(&"SubtensorTransactionExtension"));
}

#[test]
fn errors_have_the_numbers_of_then() {
    let metadata = metadata();
    let mut pallets = metadata.pallets.iter();
    let module = pallets
        .find(|pallet| pallet.name == "SubtensorModule")
        .expect("the module");
    let errors = variants(&metadata, module.error.as_ref().expect("errors").ty.id);
    let number = |name: &str| errors.iter().position(|(known, _)| known == name);
    assert_eq!(number("SubNetworkDoesNotExist"), Some(0));
    assert_eq!(number("SettingWeightsTooFast"), Some(30));
    assert_eq!(number("CommittingWeightsTooFast"), Some(errors.len() - 1));
}

#[test]
fn the_modern_genesis_is_taken_and_marked_as_older_storage() {
    chain().execute_with(|| {
        assert_eq!(SubtensorModule::on_chain_storage_version(), 6);
        assert_eq!(subtensor::ActivityCutoff::<Runtime>::get(1), 30);
        assert_eq!(
            subtensor::Uids::<Runtime>::get(1, account("//Bob")),
            Some(1)
        );
        assert_eq!(
            subtensor::TotalHotkeyStake::<Runtime>::get(account("//Bob")),
            5_000
        );
        assert_eq!(subtensor::TotalIssuance::<Runtime>::get(), 2 * RICH + 5_000);
    });
}

#[test]
fn the_pool_takes_what_clients_sign_and_answers_with_the_numbers_of_then() {
    chain().execute_with(|| {
        assert_eq!(
            validate(transaction("//Bob", set_weights())),
            Ok(1),
            "for one block"
        );
        subtensor::StakeThreshold::<Runtime>::put(6_000);
        let refused = validate(transaction("//Bob", set_weights()));
        assert_eq!(refused, Err(InvalidTransaction::Custom(3).into()));
        let register = Call::burned_register {
            netuid: 1,
            hotkey: account("//Dave"),
        };
        let free = validate(transaction("//Charlie", register));
        assert!(free.is_ok(), "registration costs no fee: {free:?}");
    });
}
