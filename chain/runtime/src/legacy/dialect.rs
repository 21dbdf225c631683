//! The runtime of spec 218: version, pallets and transaction extensions of then.

use crate::*;
pub use pallet_subtensor_legacy as subtensor;
pub use subtensor::admin as admin_utils;

/// The chain's extensions in the order of then. They encode as today's do.
pub type TransactionExtensions = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckMortality<Runtime>,
    check_nonce::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    subtensor::checks::SubtensorSignedExtension<Runtime>,
    extensions::CommitmentsSignedExtension,
    frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
);

#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("node-subtensor"),
    impl_name: Cow::Borrowed("node-subtensor"),
    authoring_version: 1,
    spec_version: 218,
    impl_version: 1,
    apis: apis::VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

impl admin_utils::Config for Runtime {}

impl subtensor::Config for Runtime {
    type Currency = Balances;
    type SubtensorPalletId = SubtensorPalletId;
}
