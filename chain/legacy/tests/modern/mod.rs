//! The modern pallet over the same storage.
#![allow(dead_code)]

use super::common;
use frame_support::traits::{ConstU16, ConstU64, Hooks};
use frame_support::{construct_runtime, derive_impl};
use pallet_subtensor::pallet as subtensor;
use sp_runtime::traits::IdentityLookup;

pub type Block = frame_system::mocking::MockBlock<Test>;

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
    type AccountId = common::AccountId;
    type Lookup = IdentityLookup<common::AccountId>;
    type AccountData = pallet_balances::AccountData<u64>;
    type SS58Prefix = ConstU16<42>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = u64;
    type ExistentialDeposit = ConstU64<500>;
    type AccountStore = System;
}

impl pallet_drand::Config for Test {}

impl subtensor::Config for Test {
    type Currency = Balances;
    type SubtensorPalletId = common::SubtensorPalletId;
    type Commitments = ();
}

/// Initialises blocks up to and including `block`.
pub fn run_to(block: u64) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        SubtensorModule::on_initialize(System::block_number());
    }
}
