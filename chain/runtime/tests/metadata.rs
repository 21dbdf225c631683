//! What clients find in the metadata: pallets by name and number, runtime APIs by name, method and
//! argument, as on the chain.
#![cfg(not(feature = "legacy"))]

use codec::Decode;
use frame_metadata::v15::RuntimeMetadataV15;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use node_subtensor_runtime::Runtime;

type Methods = &'static [(&'static str, &'static [&'static str])];

const APIS: &[(&str, Methods)] = &[
    (
        "NeuronInfoRuntimeApi",
        &[
            ("get_neurons", &["netuid"]),
            ("get_neuron", &["netuid", "uid"]),
            ("get_neurons_lite", &["netuid"]),
            ("get_neuron_lite", &["netuid", "uid"]),
        ],
    ),
    (
        "SubnetInfoRuntimeApi",
        &[
            ("get_subnet_info", &["netuid"]),
            ("get_subnets_info", &[]),
            ("get_subnet_info_v2", &["netuid"]),
            ("get_subnets_info_v2", &[]),
            ("get_subnet_hyperparams", &["netuid"]),
            ("get_subnet_hyperparams_v2", &["netuid"]),
            ("get_subnet_hyperparams_v3", &["netuid"]),
            ("get_all_dynamic_info", &[]),
            ("get_all_metagraphs", &[]),
            ("get_metagraph", &["netuid"]),
            ("get_all_mechagraphs", &[]),
            ("get_mechagraph", &["netuid", "mecid"]),
            ("get_dynamic_info", &["netuid"]),
            ("get_subnet_state", &["netuid"]),
            ("get_selective_metagraph", &["netuid", "metagraph_indexes"]),
            ("get_coldkey_auto_stake_hotkey", &["coldkey", "netuid"]),
            (
                "get_selective_mechagraph",
                &["netuid", "subid", "metagraph_indexes"],
            ),
            ("get_subnet_to_prune", &[]),
            ("get_subnet_account_id", &["netuid"]),
            ("get_next_epoch_start_block", &["netuid"]),
        ],
    ),
    (
        "StakeInfoRuntimeApi",
        &[
            ("get_stake_info_for_coldkey", &["coldkey_account"]),
            ("get_stake_info_for_coldkeys", &["coldkey_accounts"]),
            (
                "get_stake_info_for_hotkey_coldkey_netuid",
                &["hotkey_account", "coldkey_account", "netuid"],
            ),
            (
                "get_stake_availability_for_coldkeys",
                &["coldkey_accounts", "netuids"],
            ),
            (
                "get_stake_fee",
                &[
                    "origin",
                    "origin_coldkey_account",
                    "destination",
                    "destination_coldkey_account",
                    "amount",
                ],
            ),
            ("get_coldkey_lock", &["coldkey", "netuid"]),
            ("get_hotkey_conviction", &["hotkey", "netuid"]),
            ("get_most_convicted_hotkey_on_subnet", &["netuid"]),
        ],
    ),
    (
        "DelegateInfoRuntimeApi",
        &[
            ("get_delegates", &[]),
            ("get_delegate", &["delegate_account"]),
            ("get_delegated", &["delegatee_account"]),
        ],
    ),
    (
        "SubnetRegistrationRuntimeApi",
        &[("get_network_registration_cost", &[])],
    ),
    (
        "SwapRuntimeApi",
        &[
            ("current_alpha_price", &["netuid"]),
            ("current_alpha_price_all", &[]),
            ("sim_swap_tao_for_alpha", &["netuid", "tao"]),
            ("sim_swap_alpha_for_tao", &["netuid", "alpha"]),
        ],
    ),
];

const PALLETS: &[(&str, u8)] = &[
    ("System", 0),
    ("Timestamp", 2),
    ("Aura", 3),
    ("Balances", 5),
    ("TransactionPayment", 6),
    ("SubtensorModule", 7),
    ("Utility", 11),
    ("Sudo", 12),
    ("Commitments", 18),
    ("AdminUtils", 19),
    ("Drand", 26),
    ("MevShield", 30),
];

/// The slot duration among the constants is read from storage.
fn in_a_chain<R>(read: impl FnOnce() -> R) -> R {
    sp_io::TestExternalities::default().execute_with(read)
}

fn metadata() -> RuntimeMetadataV15 {
    let bytes = in_a_chain(|| Runtime::metadata_at_version(15)).expect("version 15");
    let decoded = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).expect("metadata");
    match decoded.1 {
        RuntimeMetadata::V15(metadata) => metadata,
        other => panic!("version {}", other.version()),
    }
}

#[test]
fn runtime_apis_have_the_chains_methods_and_arguments() {
    let metadata = metadata();
    for (name, methods) in APIS {
        let api = metadata
            .apis
            .iter()
            .find(|api| api.name == *name)
            .expect(name);
        let found: Vec<_> = api
            .methods
            .iter()
            .map(|method| {
                let arguments: Vec<_> = method
                    .inputs
                    .iter()
                    .map(|input| input.name.as_str())
                    .collect();
                (method.name.as_str(), arguments)
            })
            .collect();
        let expected: Vec<_> = methods
            .iter()
            .map(|(name, inputs)| (*name, inputs.to_vec()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn pallets_have_the_chains_names_and_numbers() {
    let metadata = metadata();
    for (name, index) in PALLETS {
        let pallet = metadata
            .pallets
            .iter()
            .find(|pallet| pallet.name == *name)
            .expect(name);
        assert_eq!(pallet.index, *index, "{name}");
    }
}

/// The first 8 bytes of a blake2b hash of that length over the name.
const SUBNET_INFO_ID: [u8; 8] = [0x83, 0x75, 0x10, 0x4b, 0x29, 0x9b, 0x74, 0xc5];

#[test]
fn the_newest_subnet_api_is_announced_as_version_2() {
    let apis = node_subtensor_runtime::VERSION.apis;
    let version = apis
        .iter()
        .find(|(id, _)| *id == SUBNET_INFO_ID)
        .map(|(_, version)| *version);
    assert_eq!(version, Some(2));
}
