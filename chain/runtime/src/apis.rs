//! Runtime APIs.

use crate::*;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use codec::Compact;
use frame_support::genesis_builder_helper::{build_state, get_preset};
use frame_support::weights::Weight;
use pallet_subtensor::replay::{self, ReplayFormula, ReplayOutcome, ReplayStep};
use pallet_subtensor::rpc_info::delegate_info::DelegateInfo;
use pallet_subtensor::rpc_info::dynamic_info::DynamicInfo;
use pallet_subtensor::rpc_info::metagraph::{Metagraph, SelectiveMetagraph};
use pallet_subtensor::rpc_info::neuron_info::{NeuronInfo, NeuronInfoLite};
use pallet_subtensor::rpc_info::show_subnet::SubnetState;
use pallet_subtensor::rpc_info::stake_info::{LockState, StakeAvailability, StakeInfo};
use pallet_subtensor::rpc_info::subnet_info::{
    SubnetHyperparams, SubnetHyperparamsV2, SubnetHyperparamsV3, SubnetInfo, SubnetInfov2,
};
use pallet_subtensor::{AlphaBalance, MechId, NetUid, TaoBalance, U64F64};
use pallet_transaction_payment_rpc_runtime_api::{FeeDetails, RuntimeDispatchInfo};
use sp_api::impl_runtime_apis;
use sp_core::OpaqueMetadata;
use sp_inherents::{CheckInherentsResult, InherentData};
use sp_runtime::traits::Block as BlockT;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};
use sp_runtime::{ApplyExtrinsicResult, ExtrinsicInclusionMode};
use subnet_runtime_apis::{SimSwapResult, SubnetPrice};

pub const VERSIONS: sp_version::ApisVec = RUNTIME_API_VERSIONS;

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block)
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            crate::metadata::oldest()
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            crate::metadata::at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: InherentData,
        ) -> CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            sp_consensus_aura::SlotDuration::from_millis(Aura::slot_duration())
        }

        fn authorities() -> Vec<AuraId> {
            pallet_aura::Authorities::<Runtime>::get().into_inner()
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
        for Runtime
    {
        fn query_info(
            uxt: <Block as BlockT>::Extrinsic,
            len: u32,
        ) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(uxt, len)
        }

        fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> FeeDetails<Balance> {
            TransactionPayment::query_fee_details(uxt, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }

        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, |_| None)
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            Vec::new()
        }
    }

    impl subnet_runtime_apis::NeuronInfoRuntimeApi<Block> for Runtime {
        fn get_neurons(netuid: NetUid) -> Vec<NeuronInfo<AccountId>> {
            SubtensorModule::get_neurons(netuid)
        }

        fn get_neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo<AccountId>> {
            SubtensorModule::get_neuron(netuid, uid)
        }

        fn get_neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite<AccountId>> {
            SubtensorModule::get_neurons_lite(netuid)
        }

        fn get_neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite<AccountId>> {
            SubtensorModule::get_neuron_lite(netuid, uid)
        }
    }

    impl subnet_runtime_apis::SubnetInfoRuntimeApi<Block> for Runtime {
        fn get_subnet_info(netuid: NetUid) -> Option<SubnetInfo<AccountId>> {
            SubtensorModule::get_subnet_info(netuid)
        }

        fn get_subnets_info() -> Vec<Option<SubnetInfo<AccountId>>> {
            SubtensorModule::get_subnets_info()
        }

        fn get_subnet_info_v2(netuid: NetUid) -> Option<SubnetInfov2<AccountId>> {
            SubtensorModule::get_subnet_info_v2(netuid)
        }

        fn get_subnets_info_v2() -> Vec<Option<SubnetInfov2<AccountId>>> {
            SubtensorModule::get_subnets_info_v2()
        }

        fn get_subnet_hyperparams(netuid: NetUid) -> Option<SubnetHyperparams> {
            SubtensorModule::get_subnet_hyperparams(netuid)
        }

        fn get_subnet_hyperparams_v2(netuid: NetUid) -> Option<SubnetHyperparamsV2> {
            SubtensorModule::get_subnet_hyperparams_v2(netuid)
        }

        fn get_subnet_hyperparams_v3(netuid: NetUid) -> Option<SubnetHyperparamsV3> {
            SubtensorModule::get_subnet_hyperparams_v3(netuid)
        }

        fn get_all_dynamic_info() -> Vec<Option<DynamicInfo<AccountId>>> {
            SubtensorModule::get_all_dynamic_info()
        }

        fn get_all_metagraphs() -> Vec<Option<Metagraph<AccountId>>> {
            SubtensorModule::get_all_metagraphs()
        }

        fn get_metagraph(netuid: NetUid) -> Option<Metagraph<AccountId>> {
            SubtensorModule::get_metagraph(netuid)
        }

        fn get_all_mechagraphs() -> Vec<Option<Metagraph<AccountId>>> {
            SubtensorModule::get_all_mechagraphs()
        }

        fn get_mechagraph(netuid: NetUid, mecid: MechId) -> Option<Metagraph<AccountId>> {
            SubtensorModule::get_mechagraph(netuid, mecid)
        }

        fn get_dynamic_info(netuid: NetUid) -> Option<DynamicInfo<AccountId>> {
            SubtensorModule::get_dynamic_info(netuid)
        }

        fn get_subnet_state(netuid: NetUid) -> Option<SubnetState<AccountId>> {
            SubtensorModule::get_subnet_state(netuid)
        }

        fn get_selective_metagraph(
            netuid: NetUid,
            selectors: Vec<u16>,
        ) -> Option<SelectiveMetagraph<AccountId>> {
            SubtensorModule::get_selective_metagraph(netuid, selectors)
        }

        fn get_coldkey_auto_stake_hotkey(coldkey: AccountId, netuid: NetUid) -> Option<AccountId> {
            pallet_subtensor::AutoStakeDestination::<Runtime>::get(coldkey, netuid)
        }

        fn get_selective_mechagraph(
            netuid: NetUid,
            mecid: MechId,
            selectors: Vec<u16>,
        ) -> Option<SelectiveMetagraph<AccountId>> {
            SubtensorModule::get_selective_mechagraph(netuid, mecid, selectors)
        }

        fn get_subnet_to_prune() -> Option<NetUid> {
            SubtensorModule::subnet_to_prune()
        }

        fn get_subnet_account_id(netuid: NetUid) -> Option<AccountId> {
            SubtensorModule::subnet_exists(netuid).then(|| SubtensorModule::subnet_account(netuid))
        }

        fn get_next_epoch_start_block(netuid: NetUid) -> Option<u64> {
            SubtensorModule::get_next_epoch_start_block(netuid)
        }
    }

    impl subnet_runtime_apis::StakeInfoRuntimeApi<Block> for Runtime {
        fn get_stake_info_for_coldkey(coldkey: AccountId) -> Vec<StakeInfo<AccountId>> {
            SubtensorModule::get_stake_info_for_coldkey(coldkey)
        }

        fn get_stake_info_for_coldkeys(
            coldkeys: Vec<AccountId>,
        ) -> Vec<(AccountId, Vec<StakeInfo<AccountId>>)> {
            SubtensorModule::get_stake_info_for_coldkeys(coldkeys)
        }

        fn get_stake_info_for_hotkey_coldkey_netuid(
            hotkey: AccountId,
            coldkey: AccountId,
            netuid: NetUid,
        ) -> Option<StakeInfo<AccountId>> {
            SubtensorModule::get_stake_info_for_hotkey_coldkey_netuid(hotkey, coldkey, netuid)
        }

        fn get_stake_availability_for_coldkeys(
            coldkeys: Vec<AccountId>,
            netuids: Option<Vec<NetUid>>,
        ) -> BTreeMap<AccountId, BTreeMap<NetUid, StakeAvailability>> {
            SubtensorModule::get_stake_availability_for_coldkeys(coldkeys, netuids)
        }

        // Exchanges at the constant price are free, and nothing is ever locked.
        fn get_stake_fee(
            _origin: Option<(AccountId, NetUid)>,
            _origin_coldkey: AccountId,
            _destination: Option<(AccountId, NetUid)>,
            _destination_coldkey: AccountId,
            _amount: u64,
        ) -> u64 {
            0
        }

        fn get_coldkey_lock(_coldkey: AccountId, _netuid: NetUid) -> Option<LockState> {
            None
        }

        fn get_hotkey_conviction(_hotkey: AccountId, _netuid: NetUid) -> U64F64 {
            U64F64::default()
        }

        fn get_most_convicted_hotkey_on_subnet(_netuid: NetUid) -> Option<AccountId> {
            None
        }
    }

    impl subnet_runtime_apis::DelegateInfoRuntimeApi<Block> for Runtime {
        fn get_delegates() -> Vec<DelegateInfo<AccountId>> {
            SubtensorModule::get_delegates()
        }

        fn get_delegate(hotkey: AccountId) -> Option<DelegateInfo<AccountId>> {
            SubtensorModule::get_delegate(hotkey)
        }

        fn get_delegated(
            coldkey: AccountId,
        ) -> Vec<(DelegateInfo<AccountId>, (Compact<NetUid>, Compact<AlphaBalance>))> {
            SubtensorModule::get_delegated(coldkey)
        }
    }

    impl subnet_runtime_apis::SubnetRegistrationRuntimeApi<Block> for Runtime {
        fn get_network_registration_cost() -> TaoBalance {
            SubtensorModule::network_lock_cost()
        }
    }

    impl subnet_runtime_apis::SwapRuntimeApi<Block> for Runtime {
        fn current_alpha_price(_netuid: NetUid) -> u64 {
            pallet_subtensor::market::PRICE
        }

        fn current_alpha_price_all() -> Vec<SubnetPrice> {
            let price = pallet_subtensor::market::PRICE;
            let netuids = SubtensorModule::netuids().into_iter();
            netuids.map(|netuid| SubnetPrice { netuid, price }).collect()
        }

        fn sim_swap_tao_for_alpha(_netuid: NetUid, tao: TaoBalance) -> SimSwapResult {
            SimSwapResult::even(tao)
        }

        fn sim_swap_alpha_for_tao(_netuid: NetUid, alpha: AlphaBalance) -> SimSwapResult {
            SimSwapResult::even(alpha)
        }
    }

    impl subnet_runtime_apis::YumaReplayApi<Block> for Runtime {
        fn replay(neurons: u16, steps: Vec<ReplayStep>) -> Result<Vec<ReplayOutcome>, u32> {
            SubtensorModule::replay(neurons, steps)
        }

        fn compute(formulas: Vec<ReplayFormula>) -> Vec<Vec<i128>> {
            formulas.into_iter().map(replay::compute).collect()
        }
    }
}
