//! A small runtime around the pallet, and the steps that most tests begin with.
#![allow(dead_code)]

use frame_support::traits::{ConstU16, ConstU64, Hooks};
use frame_support::{construct_runtime, derive_impl, parameter_types, PalletId};
use pallet_subtensor::genesis::{GenesisNeuron, GenesisSubnet};
use sp_core::U256;
use sp_runtime::traits::IdentityLookup;
use sp_runtime::BuildStorage;

pub use pallet_subtensor_legacy::*;

pub type AccountId = U256;
pub type Block = frame_system::mocking::MockBlock<Test>;
pub const TAO: u64 = 1_000_000_000;
pub const NETUID: u16 = 1;
pub const TEMPO: u16 = 10;
pub const OWNER: u64 = 100;
pub const OWNER_HOTKEY: u64 = 101;

construct_runtime!(
    pub enum Test {
        System: frame_system = 0,
        Balances: pallet_balances = 5,
        SubtensorModule: pallet_subtensor_legacy = 7,
        AdminUtils: pallet_subtensor_legacy::admin = 19,
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

impl pallet_subtensor_legacy::Config for Test {
    type Currency = Balances;
    type SubtensorPalletId = SubtensorPalletId;
}

impl pallet_subtensor_legacy::admin::Config for Test {}

pub fn id(n: u64) -> AccountId {
    U256::from(n)
}

pub fn signed(n: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(id(n))
}

/// A subnet of coldkey 100 with tempo 10; the owner's hotkey 101 has uid 0.
pub fn subnet() -> GenesisSubnet<AccountId> {
    let json = serde_json::json!({
        "netuid": NETUID,
        "ownerColdkey": id(OWNER),
        "ownerHotkey": id(OWNER_HOTKEY),
        "tempo": TEMPO,
        "weightsRateLimit": 0,
        "burn": TAO,
        "yuma3": true,
        "started": true,
    });
    serde_json::from_value(json).expect("a genesis subnet of the modern runtime")
}

/// Hotkey `n`, owned by coldkey `n + 1000`, with stake in RAO.
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

/// One validator (hotkey 1, uid 1) and two miners (2 and 3) beside the owner.
pub fn populated() -> GenesisSubnet<AccountId> {
    let neurons = vec![neuron(1, 100 * TAO), neuron(2, 0), neuron(3, 0)];
    GenesisSubnet {
        neurons,
        ..subnet()
    }
}

pub fn chain(subnet: GenesisSubnet<AccountId>) -> sp_io::TestExternalities {
    let rich = (1..=9).map(|n| (id(n * 100), 10_000 * TAO)).collect();
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: rich,
            ..Default::default()
        },
        subtensor_module: pallet_subtensor_legacy::GenesisConfig {
            subnets: vec![subnet],
            ..Default::default()
        },
        ..Default::default()
    };
    let storage = genesis.build_storage().expect("genesis");
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Runs `test` at block 1; accounts 100, 200, ... 900 hold TAO.
pub fn with_subnet(subnet: GenesisSubnet<AccountId>, test: impl FnOnce()) {
    chain(subnet).execute_with(test);
}

/// Initialises blocks up to and including `block`.
pub fn run_to(block: u64) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        SubtensorModule::on_initialize(System::block_number());
    }
}

/// First block from now on in which the epoch of `NETUID` runs.
pub fn next_epoch_block() -> u64 {
    let now = System::block_number() + 1;
    (now..)
        .find(|block| Pallet::<Test>::epoch_due(NETUID, *block))
        .expect("an epoch")
}

pub fn run_epoch() -> u64 {
    let block = next_epoch_block();
    run_to(block);
    block
}

pub fn stake_of(hotkey: u64, coldkey: AccountId) -> u64 {
    Stake::<Test>::get(id(hotkey), coldkey)
}

pub fn set_weights(hotkey: u64, weights: &[(u16, u16)]) -> sp_runtime::DispatchResult {
    let (uids, values) = weights.iter().copied().unzip();
    SubtensorModule::set_weights(signed(hotkey), NETUID, uids, values, 0)
}
