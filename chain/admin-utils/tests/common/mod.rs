//! A small runtime with the SubtensorModule and AdminUtils, and one subnet at block 100.
#![allow(dead_code)]

use frame_support::traits::{ConstU16, ConstU64};
use frame_support::{construct_runtime, derive_impl, parameter_types, PalletId};
use pallet_subtensor::genesis::GenesisSubnet;
use sp_core::U256;
use sp_runtime::traits::IdentityLookup;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};

pub use pallet_subtensor as subtensor;

pub type AccountId = U256;
pub type Block = frame_system::mocking::MockBlock<Test>;
pub type AdminError = pallet_admin_utils::Error<Test>;
pub type SubtensorError = pallet_subtensor::Error<Test>;
pub const NETUID: u16 = 1;
pub const UNKNOWN: u16 = 9;
pub const TEMPO: u16 = 50;
pub const OWNER: u64 = 100;
pub const STRANGER: u64 = 200;

construct_runtime!(
    pub enum Test {
        System: frame_system = 0,
        Balances: pallet_balances = 5,
        SubtensorModule: pallet_subtensor::pallet = 7,
        AdminUtils: pallet_admin_utils::pallet = 19,
        Drand: pallet_drand = 26,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type AccountData = pallet_balances::AccountData<u64>;
    type SS58Prefix = ConstU16<42>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = u64;
    type ExistentialDeposit = ConstU64<500>;
    type AccountStore = System;
}

parameter_types! {
    pub const SubtensorPalletId: PalletId = PalletId(*b"subtensr");
}

impl pallet_drand::Config for Test {}

impl pallet_subtensor::Config for Test {
    type Currency = Balances;
    type SubtensorPalletId = SubtensorPalletId;
    type Commitments = ();
}

impl pallet_admin_utils::Config for Test {}

pub fn id(n: u64) -> AccountId {
    U256::from(n)
}

pub fn root() -> RuntimeOrigin {
    RuntimeOrigin::root()
}

pub fn owner() -> RuntimeOrigin {
    RuntimeOrigin::signed(id(OWNER))
}

pub fn stranger() -> RuntimeOrigin {
    RuntimeOrigin::signed(id(STRANGER))
}

fn subnet(neurons: u64) -> GenesisSubnet<AccountId> {
    let neuron = |n: u64| serde_json::json!({ "hotkey": id(n), "coldkey": id(n + 1000) });
    let json = serde_json::json!({
        "netuid": NETUID,
        "ownerColdkey": id(OWNER),
        "ownerHotkey": id(OWNER + 1),
        "tempo": TEMPO,
        "immunityPeriod": 10,
        "minAllowedUids": 2,
        "neurons": (1..=neurons).map(neuron).collect::<Vec<_>>(),
    });
    serde_json::from_value(json).expect("a genesis subnet")
}

/// Runs `test` with a subnet of the owner's neuron and some more; the last epoch ran at block 100,
/// which is the current one.
pub fn with_neurons(neurons: u64, test: impl FnOnce()) {
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(id(OWNER), 1 << 50), (id(STRANGER), 1 << 50)],
            ..Default::default()
        },
        subtensor_module: pallet_subtensor::GenesisConfig {
            subnets: vec![subnet(neurons)],
            ..Default::default()
        },
        ..Default::default()
    };
    let storage = genesis.build_storage().expect("genesis");
    sp_io::TestExternalities::new(storage).execute_with(|| {
        at(100);
        pallet_subtensor::LastEpochBlock::<Test>::insert(NETUID, 100);
        test();
    });
}

pub fn with_subnet(test: impl FnOnce()) {
    with_neurons(3, test);
}

pub fn at(block: u64) {
    System::set_block_number(block);
}

pub fn error<E: Into<DispatchError>>(error: E) -> DispatchResult {
    Err(error.into())
}

/// The module, the name of the last event with its fields, as a text.
pub fn last_event() -> String {
    let record = System::events().pop().expect("an event");
    format!("{:?}", record.event)
}
