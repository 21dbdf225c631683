//! Runtime of the embedded chain: Subtensor's envelope (spec 425) around the pallets that a
//! subnet's node software touches. With the feature `legacy` it is that of spec 218, made of other
//! pallets: what differs stands in `legacy/`, and the items here that it replaces say so.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "256"]

extern crate alloc;

#[cfg_attr(feature = "legacy", path = "legacy/apis.rs")]
pub mod apis;
#[cfg(not(feature = "legacy"))]
pub mod check_mortality;
pub mod check_nonce;
#[cfg_attr(feature = "legacy", path = "legacy/constants.rs")]
pub mod constants;
#[cfg_attr(feature = "legacy", path = "legacy/extensions.rs")]
pub mod extensions;
pub mod fees;
#[cfg(feature = "legacy")]
#[path = "legacy/dialect.rs"]
mod legacy;
pub mod metadata;
#[cfg(not(feature = "legacy"))]
pub mod neighbours;

#[cfg(feature = "legacy")]
pub use legacy::*;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use frame_support::dispatch::DispatchClass;
use frame_support::traits::{ConstBool, ConstU16, ConstU32, ConstU64, ConstU8, VariantCountOf};
use frame_support::weights::constants::{RocksDbWeight, WEIGHT_REF_TIME_PER_SECOND};
use frame_support::weights::Weight;
use frame_support::{construct_runtime, derive_impl, parameter_types, PalletId};
use frame_system::limits::{BlockLength, BlockWeights};
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::traits::{AccountIdLookup, BlakeTwo256, IdentifyAccount, One, Verify};
use sp_runtime::{generic, MultiAddress, MultiSignature, Perbill};
use sp_version::RuntimeVersion;

pub type BlockNumber = u32;
pub type Signature = MultiSignature;
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
pub type Balance = u64;
pub type Nonce = u32;
pub type Hash = sp_core::H256;
pub type Address = MultiAddress<AccountId, ()>;
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TransactionExtensions>;
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

/// The chain's extensions in the chain's order.
#[cfg(not(feature = "legacy"))]
pub type TransactionExtensions = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    check_mortality::CheckMortality<Runtime>,
    check_nonce::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    // Tuples have traits for at most twelve members; a nested tuple encodes and lists the same.
    (
        extensions::SudoTransactionExtension,
        pallet_shield::CheckShieldedTxValidity<Runtime>,
        pallet_subtensor::checks::SubtensorTransactionExtension<Runtime>,
        extensions::DrandPriority,
        frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    ),
);

#[cfg(not(feature = "legacy"))]
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("node-subtensor"),
    impl_name: Cow::Borrowed("node-subtensor"),
    authoring_version: 1,
    spec_version: 425,
    impl_version: 1,
    apis: apis::VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

const NORMAL_RATIO: Perbill = Perbill::from_percent(75);
const MAX_BLOCK_WEIGHT: Weight = Weight::from_parts(4 * WEIGHT_REF_TIME_PER_SECOND, u64::MAX);

parameter_types! {
    pub const Version: RuntimeVersion = VERSION;
    pub Weights: BlockWeights = BlockWeights::with_sensible_defaults(MAX_BLOCK_WEIGHT, NORMAL_RATIO);
    pub Length: BlockLength = BlockLength::builder()
        .max_length(10 * 1024 * 1024)
        .modify_max_length_for_class(DispatchClass::Normal, |max| *max = NORMAL_RATIO * *max)
        .build();
    pub FeeMultiplier: Multiplier = Multiplier::one();
    pub const SubtensorPalletId: PalletId = PalletId(*b"subtensr");
    /// Kept in storage, under twox128(":SlotMs:"): a development chain tells its clients the pace that
    /// its operator chose, from which they work out reveal rounds and waiting times.
    pub storage SlotMs: u64 = 12_000;
}

#[cfg(not(feature = "legacy"))]
construct_runtime!(
    pub enum Runtime {
        System: frame_system = 0,
        Timestamp: pallet_timestamp = 2,
        Aura: pallet_aura = 3,
        Balances: pallet_balances = 5,
        TransactionPayment: pallet_transaction_payment = 6,
        SubtensorModule: pallet_subtensor = 7,
        Utility: pallet_utility = 11,
        Sudo: pallet_sudo = 12,
        Commitments: pallet_commitments = 18,
        AdminUtils: pallet_admin_utils = 19,
        Drand: pallet_drand = 26,
        MevShield: pallet_shield = 30,
    }
);

#[cfg(feature = "legacy")]
construct_runtime!(
    pub enum Runtime {
        System: frame_system = 0,
        Timestamp: pallet_timestamp = 2,
        Aura: pallet_aura = 3,
        Balances: pallet_balances = 5,
        TransactionPayment: pallet_transaction_payment = 6,
        SubtensorModule: pallet_subtensor_legacy = 7,
        Sudo: pallet_sudo = 12,
        AdminUtils: pallet_subtensor_legacy::admin = 19,
    }
);

#[cfg(not(feature = "legacy"))]
type CallFilter = neighbours::NoNestedBatch;
#[cfg(feature = "legacy")]
type CallFilter = frame_support::traits::Everything;

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type BaseCallFilter = CallFilter;
    type Block = Block;
    type BlockHashCount = ConstU32<2400>;
    type BlockWeights = Weights;
    type BlockLength = Length;
    type DbWeight = RocksDbWeight;
    type AccountId = AccountId;
    type Lookup = AccountIdLookup<AccountId, ()>;
    type Nonce = Nonce;
    type Hash = Hash;
    type AccountData = pallet_balances::AccountData<Balance>;
    type Version = Version;
    type SS58Prefix = ConstU16<42>;
    type MaxConsumers = ConstU32<16>;
}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = Aura;
    // Blocks come as fast as the operator of a development chain asks for, and the time that the
    // chain shows follows the wall clock: several blocks share one slot.
    type MinimumPeriod = ConstU64<1>;
    type WeightInfo = ();
}

impl pallet_aura::Config for Runtime {
    type AuthorityId = AuraId;
    type DisabledValidators = ();
    type MaxAuthorities = ConstU32<32>;
    type AllowMultipleBlocksPerSlot = ConstBool<true>;
    type SlotDuration = SlotMs;
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ConstU64<500>;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<50>;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type DoneSlashHandler = ();
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, fees::ToAuthor>;
    type WeightToFee = fees::LinearWeightToFee;
    type LengthToFee = frame_support::weights::IdentityFee<Balance>;
    type FeeMultiplierUpdate = ConstFeeMultiplier<FeeMultiplier>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = ();
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = ();
}

#[cfg(not(feature = "legacy"))]
impl pallet_admin_utils::Config for Runtime {}

#[cfg(not(feature = "legacy"))]
impl pallet_drand::Config for Runtime {}

#[cfg(not(feature = "legacy"))]
impl pallet_shield::Config for Runtime {
    type AuthorityId = AuraId;
    type Authors = neighbours::TurnsOfAura;
}

#[cfg(not(feature = "legacy"))]
impl pallet_subtensor::Config for Runtime {
    type Currency = Balances;
    type SubtensorPalletId = SubtensorPalletId;
    type Commitments = neighbours::Published;
}

#[cfg(not(feature = "legacy"))]
impl pallet_commitments::Config for Runtime {
    type Subnets = neighbours::Network;
    type RevealTimelocked = neighbours::Beacon;
}

#[cfg(not(feature = "legacy"))]
impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = ();
}
