//! A small runtime around the pallet, and the steps that most tests begin with.
#![allow(dead_code)]

use frame_support::traits::{ConstU16, ConstU64, Hooks};
use frame_support::{construct_runtime, derive_impl, parameter_types, PalletId};
use pallet_subtensor::genesis::{GenesisNeuron, GenesisSubnet};
use pallet_subtensor::pallet as subtensor;
use sp_core::U256;
use sp_runtime::traits::IdentityLookup;
use sp_runtime::BuildStorage;

pub use subtensor::*;

pub type AccountId = U256;
pub type Block = frame_system::mocking::MockBlock<Test>;
pub const TAO: u64 = 1_000_000_000;
pub const NETUID: u16 = 1;
pub const OWNER: u64 = 100;
pub const OWNER_HOTKEY: u64 = 101;

construct_runtime!(
    pub enum Test {
        System: frame_system = 0,
        Balances: pallet_balances = 5,
        SubtensorModule: subtensor = 7,
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

impl subtensor::Config for Test {
    type Currency = Balances;
    type SubtensorPalletId = SubtensorPalletId;
    type Commitments = ();
}

pub fn id(n: u64) -> AccountId {
    U256::from(n)
}

pub fn signed(n: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(id(n))
}

/// A subnet with every hyperparameter of a fresh one, except that commit-reveal is off.
pub fn subnet() -> GenesisSubnet<AccountId> {
    let json = serde_json::json!({
        "netuid": NETUID,
        "ownerColdkey": id(OWNER),
        "ownerHotkey": id(OWNER_HOTKEY),
        "tempo": 10,
        "commitRevealEnabled": false,
        "started": true,
    });
    serde_json::from_value(json).expect("a genesis subnet")
}

/// Hotkey `n`, owned by coldkey `n + 1000`, with alpha in RAO.
pub fn neuron(n: u64, stake_rao: u64) -> GenesisNeuron<AccountId> {
    GenesisNeuron {
        hotkey: id(n),
        coldkey: coldkey(n),
        stake_rao,
    }
}

pub fn coldkey(hotkey: u64) -> AccountId {
    id(hotkey + 1000)
}

/// Runs `test` at block 1 of a chain with one subnet; accounts 100, 200, ... 900 hold TAO.
pub fn with_subnet(subnet: GenesisSubnet<AccountId>, test: impl FnOnce()) {
    let rich = (1..=9).map(|n| (id(n * 100), 10_000 * TAO)).collect();
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: rich,
            ..Default::default()
        },
        subtensor_module: subtensor::GenesisConfig {
            subnets: vec![subnet],
            tao_weight: Some(0),
            ..Default::default()
        },
        ..Default::default()
    };
    let storage = genesis.build_storage().expect("genesis");
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| {
        System::set_block_number(1);
        test();
    });
}

/// Initialises blocks up to and including `block`.
pub fn run_to(block: u64) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        SubtensorModule::on_initialize(System::block_number());
    }
}

pub fn run_blocks(count: u64) {
    run_to(System::block_number() + count);
}

/// A registration for as long as it succeeds: signed by coldkey `by`, of hotkey `hotkey`.
pub fn register(by: u64, hotkey: u64) -> sp_runtime::DispatchResult {
    SubtensorModule::burned_register(signed(by), NETUID, id(hotkey))
}

pub fn uid_of(hotkey: u64) -> Option<u16> {
    Uids::<Test>::get(NETUID, id(hotkey))
}

/// Events of this pallet since the last call.
pub fn take_events() -> Vec<Event<Test>> {
    let own = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
        RuntimeEvent::SubtensorModule(event) => Some(event),
        _ => None,
    };
    let events = System::events().into_iter().filter_map(own).collect();
    System::reset_events();
    events
}
