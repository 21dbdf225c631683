//! The layout of what the runtime APIs answer, field by field against bytes written by hand from
//! the description of the chain's interface.

mod common;
use codec::Encode;
use common::*;

/// Compact integer of SCALE, written apart from the codec crate.
fn compact(value: u128) -> Vec<u8> {
    let shifted = value << 2;
    match value {
        0..=0x3f => vec![shifted as u8],
        0x40..=0x3fff => (shifted as u16 | 1).to_le_bytes().to_vec(),
        0x4000..=0x3fff_ffff => (shifted as u32 | 2).to_le_bytes().to_vec(),
        _ => {
            let bytes = value.to_le_bytes();
            let length = 16 - value.leading_zeros() as usize / 8;
            let mut out = vec![((length - 4) << 2) as u8 | 3];
            out.extend(&bytes[..length]);
            out
        }
    }
}

fn account(n: u64) -> Vec<u8> {
    let mut bytes = vec![0; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    bytes
}

fn list(items: Vec<Vec<u8>>) -> Vec<u8> {
    let mut out = compact(items.len() as u128);
    out.extend(items.concat());
    out
}

fn compacts(values: &[u128]) -> Vec<u8> {
    list(values.iter().map(|value| compact(*value)).collect())
}

fn flags(values: &[bool]) -> Vec<u8> {
    list(values.iter().map(|value| vec![u8::from(*value)]).collect())
}

/// Bytes as the metagraph sends names: each of them compact.
fn text(value: &str) -> Vec<u8> {
    compacts(&value.bytes().map(u128::from).collect::<Vec<_>>())
}

fn bytes(value: &str) -> Vec<u8> {
    list(value.bytes().map(|byte| vec![byte]).collect())
}

fn some(inner: Vec<u8>) -> Vec<u8> {
    [vec![1], inner].concat()
}

fn none() -> Vec<u8> {
    vec![0]
}

const HOTKEY: u64 = 7;
const COLDKEY: u64 = 1007;
const STAKE: u64 = 5 * TAO;

fn served() -> AxonInfo {
    AxonInfo {
        block: 40,
        version: 10_002_000,
        ip: 16_909_060,
        port: 8091,
        ip_type: 4,
        protocol: 4,
        placeholder1: 1,
        placeholder2: 2,
    }
}

fn axon_bytes() -> Vec<u8> {
    [
        40u64.to_le_bytes().to_vec(),
        10_002_000u32.to_le_bytes().to_vec(),
        16_909_060u128.to_le_bytes().to_vec(),
        8091u16.to_le_bytes().to_vec(),
        vec![4, 4, 1, 2],
    ]
    .concat()
}

fn empty_axon() -> Vec<u8> {
    vec![0; 34]
}

fn identity() -> SubnetIdentityV3 {
    SubnetIdentityV3 {
        subnet_name: b"digits".to_vec(),
        github_repo: b"repo".to_vec(),
        subnet_contact: b"contact".to_vec(),
        subnet_url: b"url".to_vec(),
        discord: b"discord".to_vec(),
        description: b"description".to_vec(),
        logo_url: b"logo".to_vec(),
        additional: b"additional".to_vec(),
    }
}

fn identity_bytes() -> Vec<u8> {
    let fields = [
        "digits",
        "repo",
        "contact",
        "url",
        "discord",
        "description",
        "logo",
        "additional",
    ];
    fields.map(bytes).concat()
}

fn person() -> ChainIdentityV2 {
    ChainIdentityV2 {
        name: b"name".to_vec(),
        url: b"url".to_vec(),
        github_repo: b"repo".to_vec(),
        image: b"image".to_vec(),
        discord: b"discord".to_vec(),
        description: b"description".to_vec(),
        additional: b"additional".to_vec(),
    }
}

fn person_bytes() -> Vec<u8> {
    [
        "name",
        "url",
        "repo",
        "image",
        "discord",
        "description",
        "additional",
    ]
    .map(bytes)
    .concat()
}

/// Stores one value per name, all different.
macro_rules! store {
    ($($map:ident $value:expr;)*) => { $($map::<Test>::insert(NETUID, $value);)* };
}

/// A subnet of two neurons in which every field of every answer differs from its neighbours.
fn with_described_subnet(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.neurons = vec![neuron(HOTKEY, STAKE)];
    with_subnet(subnet, || {
        System::set_block_number(1_000);
        describe_hyperparameters();
        describe_economy();
        describe_neurons();
        test();
    });
}

fn describe_hyperparameters() {
    store! {
        Rho 11; Kappa 32_768; MinAllowedWeights 3; MaxWeightsLimit 60_000; WeightsVersionKey 10_002_001;
        WeightsSetRateLimit 101; Tempo 361; ActivityCutoffFactorMilli 2_000; MaxAllowedValidators 65;
        MaxAllowedUids 255; Difficulty 10_000_001; NetworkRegistrationAllowed false;
        NetworkPowRegistrationAllowed true; ImmunityPeriod 4_097; MinDifficulty 10_000_002;
        MaxDifficulty u64::MAX / 4; MinBurn 500_001; MaxBurn 100_000_000_001; AdjustmentAlpha 12;
        AdjustmentInterval 102; TargetRegistrationsPerInterval 4; MaxRegistrationsPerBlock 5;
        ServingRateLimit 51; CommitRevealWeightsEnabled true; RevealPeriodEpochs 6;
        LiquidAlphaOn true; AlphaValues (45_876, 58_983); BondsMovingAverage 900_001;
        AlphaSigmoidSteepness -1_000; Yuma3On true; TransferToggle false; BondsResetOn true;
        BurnHalfLife 363; BurnIncreaseMult U64F64 { bits: 3u128 << 63 }; Burn 1_000_000_003;
        OwnerCutEnabled false; OwnerCutAutoLockEnabled true; MinChildkeyTakePerSubnet 77;
    }
}

fn describe_economy() {
    store! {
        SubnetIdentitiesV3 identity(); TokenSymbol "\u{3b1}".as_bytes().to_vec();
        NetworkRegisteredAt 21; LastMechansimStepBlock 900; BlocksSinceLastStep 31;
        SubnetAlphaIn 1_000_000_001; SubnetAlphaOut 1_000_000_002; SubnetTAO 1_000_000_003;
        SubnetAlphaOutEmission 1_000_000_004; SubnetAlphaInEmission 1_000_000_005;
        SubnetTaoInEmission 1_000_000_006; PendingServerEmission 1_000; PendingValidatorEmission 2_000;
        PendingRootAlphaDivs 4_000; SubnetVolume (1u128 << 70) + 1;
        SubnetMovingPrice I96F32 { bits: 3i128 << 31 };
    }
}

fn describe_neurons() {
    store! {
        Active vec![true, false]; ValidatorPermit vec![false, true]; LastUpdate vec![901, 902];
        Emission vec![1_000_000_007, 8]; Dividends vec![0, 65_535]; Incentive vec![65_534, 1];
        Consensus vec![3, 4]; ValidatorTrust vec![5, 6];
    }
    Axons::<Test>::insert(NETUID, id(HOTKEY), served());
    IdentitiesV2::<Test>::insert(id(COLDKEY), person());
    BlockAtRegistration::<Test>::insert(NETUID, 1, 33);
    AlphaDividendsPerSubnet::<Test>::insert(NETUID, id(HOTKEY), 99);
    TotalHotkeyAlpha::<Test>::insert(id(HOTKEY), ROOT, 2 * TAO);
    SubnetAlphaOut::<Test>::insert(ROOT, 2 * TAO);
    TaoWeight::<Test>::put(u64::MAX / 2);
    Weights::<Test>::insert(NETUID, 1, vec![(0, 65_535), (1, 0)]);
    Bonds::<Test>::insert(NETUID, 1, vec![(0, 0), (1, 64)]);
}

/// The fields of a metagraph, each at the place of its selector.
fn metagraph_fields() -> Vec<Vec<u8>> {
    vec![
        compact(1),
        text("digits"),
        text("\u{3b1}"),
        some(identity_bytes()),
        compact(21),
        account(OWNER_HOTKEY),
        account(OWNER),
        compact(1_000),
        compact(361),
        compact(900),
        compact(100),
        compact(0),
        compact(1_000_000_001),
        compact(1_000_000_002),
        compact(1_000_000_003),
        compact(1_000_000_004),
        compact(1_000_000_005),
        compact(1_000_000_006),
        compact(3_000),
        compact(0),
        compact((1 << 70) + 1),
        (3i128 << 31).to_le_bytes().to_vec(),
        compact(11),
        compact(32_768),
        compact(3),
        compact(60_000),
        compact(10_002_001),
        compact(101),
        compact(722),
        compact(65),
        compact(2),
        compact(255),
        compact(1_000_000_003),
        compact(10_000_001),
        vec![0],
        vec![1],
        compact(4_097),
        compact(10_000_002),
        compact(u128::from(u64::MAX / 4)),
        compact(500_001),
        compact(100_000_000_001),
        compact(12),
        compact(102),
        compact(4),
        compact(5),
        compact(51),
        vec![1],
        compact(6),
        vec![1],
        compact(58_983),
        compact(45_876),
        compact(900_001),
        list(vec![account(OWNER_HOTKEY), account(HOTKEY)]),
        list(vec![account(OWNER), account(COLDKEY)]),
        list(vec![none(), some(person_bytes())]),
        list(vec![empty_axon(), axon_bytes()]),
        flags(&[true, false]),
        flags(&[false, true]),
        compacts(&[]),
        compacts(&[901, 902]),
        compacts(&[1_000_000_007, 8]),
        compacts(&[0, 65_535]),
        compacts(&[65_534, 1]),
        compacts(&[3, 4]),
        compacts(&[]),
        compacts(&[]),
        compacts(&[0, 33]),
        compacts(&[0, u128::from(STAKE)]),
        compacts(&[0, u128::from(2 * TAO)]),
        compacts(&[0, total_stake()]),
        per_hotkey([0, 0]),
        per_hotkey([0, 99]),
        compacts(&[1]),
        list(vec![]),
    ]
}

/// Alpha and just under half of the root stake.
fn total_stake() -> u128 {
    u128::from(STAKE + TAO - 1)
}

fn per_hotkey(amounts: [u128; 2]) -> Vec<u8> {
    let pairs = [OWNER_HOTKEY, HOTKEY].into_iter().zip(amounts);
    list(
        pairs
            .map(|(hotkey, amount)| [account(hotkey), compact(amount)].concat())
            .collect(),
    )
}

fn assert_bytes(found: Vec<u8>, fields: &[Vec<u8>]) {
    let mut at = 0;
    for (index, field) in fields.iter().enumerate() {
        let end = (at + field.len()).min(found.len());
        assert_eq!(&found[at..end], field, "field {index}");
        at = end;
    }
    assert_eq!(at, found.len(), "bytes left over");
}

#[test]
fn a_metagraph_is_its_first_72_fields() {
    with_described_subnet(|| {
        let found = SubtensorModule::get_metagraph(NETUID)
            .expect("known")
            .encode();
        assert_bytes(found, &metagraph_fields()[..72]);
        let mechagraph = SubtensorModule::get_mechagraph(NETUID, 0)
            .expect("known")
            .encode();
        assert_bytes(mechagraph, &metagraph_fields()[..72]);
    });
}

#[test]
fn every_selector_fills_its_own_field_and_no_other() {
    with_described_subnet(|| {
        let fields = metagraph_fields();
        for selector in 0..74 {
            let found = SubtensorModule::get_selective_metagraph(NETUID, vec![selector as u16]);
            let mut expected = vec![none(); 74];
            expected[selector] = some(fields[selector].clone());
            expected[0] = compact(u128::from(selector == 0));
            assert_bytes(found.expect("known").encode(), &expected);
        }
    });
}

#[test]
fn selectors_out_of_range_are_passed_over() {
    with_described_subnet(|| {
        let none = SubtensorModule::get_selective_metagraph(NETUID, vec![74, 999, u16::MAX]);
        assert_eq!(none.expect("known").encode(), vec![0; 74]);
        let all = (0..200).collect();
        let found = SubtensorModule::get_selective_metagraph(NETUID, all).expect("known");
        let mut expected: Vec<Vec<u8>> = metagraph_fields().into_iter().map(some).collect();
        expected[0] = compact(1);
        assert_bytes(found.encode(), &expected);
    });
}

#[test]
fn a_selective_mechagraph_always_names_its_subnet() {
    with_described_subnet(|| {
        let found = SubtensorModule::get_selective_mechagraph(NETUID, 0, vec![59]);
        let mut expected = vec![none(); 74];
        expected[0] = compact(1);
        expected[59] = some(compacts(&[901, 902]));
        assert_bytes(found.expect("known").encode(), &expected);
    });
}

#[test]
fn an_unknown_netuid_is_none_everywhere() {
    with_described_subnet(|| {
        assert!(SubtensorModule::get_metagraph(9).is_none());
        assert!(SubtensorModule::get_selective_metagraph(9, vec![0]).is_none());
        assert!(SubtensorModule::get_mechagraph(9, 0).is_none());
        assert!(SubtensorModule::get_mechagraph(NETUID, 1).is_none());
        assert!(SubtensorModule::get_selective_mechagraph(9, 0, vec![0]).is_none());
        assert!(SubtensorModule::get_subnet_info(9).is_none());
        assert!(SubtensorModule::get_subnet_info_v2(9).is_none());
        assert!(SubtensorModule::get_subnet_hyperparams(9).is_none());
        assert!(SubtensorModule::get_subnet_hyperparams_v2(9).is_none());
        assert!(SubtensorModule::get_subnet_hyperparams_v3(9).is_none());
        assert!(SubtensorModule::get_dynamic_info(9).is_none());
        assert!(SubtensorModule::get_subnet_state(9).is_none());
        assert!(SubtensorModule::get_neurons_lite(9).is_empty());
        assert!(SubtensorModule::get_neuron(9, 0).is_none());
        assert!(SubtensorModule::get_neuron_lite(NETUID, 2).is_none());
    });
}

fn neuron_head() -> Vec<Vec<u8>> {
    vec![
        account(HOTKEY),
        account(COLDKEY),
        compact(1),
        compact(1),
        vec![0],
        axon_bytes(),
        vec![0; 8 + 4 + 16 + 2 + 1],
        list(vec![[account(COLDKEY), compact(u128::from(STAKE))].concat()]),
        compact(0),
        compact(8),
        compact(1),
        compact(4),
        compact(0),
        compact(6),
        compact(65_535),
        compact(902),
        vec![1],
    ]
}

#[test]
fn neurons_are_laid_out_with_and_without_their_rows() {
    with_described_subnet(|| {
        let lite = [neuron_head(), vec![compact(65_535)]].concat();
        let found = SubtensorModule::get_neuron_lite(NETUID, 1)
            .expect("known")
            .encode();
        assert_bytes(found.clone(), &lite);
        assert_eq!(SubtensorModule::get_neurons_lite(NETUID)[1].encode(), found);
        let pair = |uid, value| list(vec![[compact(uid), compact(value)].concat()]);
        let rows = vec![pair(0, 65_535), pair(1, 64), compact(65_535)];
        let found = SubtensorModule::get_neuron(NETUID, 1)
            .expect("known")
            .encode();
        assert_bytes(found.clone(), &[neuron_head(), rows].concat());
        assert_eq!(SubtensorModule::get_neurons(NETUID)[1].encode(), found);
    });
}

fn hyperparameters() -> Vec<Vec<u8>> {
    vec![
        compact(11),
        compact(32_768),
        compact(4_097),
        compact(3),
        compact(60_000),
        compact(361),
        compact(10_000_002),
        compact(u128::from(u64::MAX / 4)),
        compact(10_002_001),
        compact(101),
        compact(102),
        compact(722),
        vec![0],
        compact(4),
        compact(500_001),
        compact(100_000_000_001),
        compact(900_001),
        compact(5),
        compact(51),
        compact(65),
        compact(12),
        compact(10_000_001),
        compact(6),
        vec![1],
        compact(58_983),
        compact(45_876),
        vec![1],
    ]
}

#[test]
fn hyperparameters_have_27_fields_and_then_6_more() {
    with_described_subnet(|| {
        let first = SubtensorModule::get_subnet_hyperparams(NETUID).expect("known");
        assert_bytes(first.encode(), &hyperparameters());
        let steepness = (-1_000i64 << 32).to_le_bytes().to_vec();
        let more = vec![steepness, compact(3), vec![1], vec![0], vec![1], vec![0]];
        let second = SubtensorModule::get_subnet_hyperparams_v2(NETUID).expect("known");
        assert_bytes(second.encode(), &[hyperparameters(), more].concat());
    });
}

const BOOL: u8 = 0;
const U16: u8 = 1;
const U32: u8 = 2;
const U64: u8 = 3;
const TAO_BALANCE: u8 = 5;
const I32F32: u8 = 6;
const U64F64_VALUE: u8 = 7;

fn third_hyperparameters() -> Vec<(&'static str, u8, Vec<u8>)> {
    vec![
        ("kappa", U16, compact(32_768)),
        ("immunity_period", U16, compact(4_097)),
        ("min_allowed_weights", U16, compact(3)),
        ("max_weights_limit", U16, compact(60_000)),
        ("tempo", U16, compact(361)),
        ("weights_version", U64, compact(10_002_001)),
        ("weights_rate_limit", U64, compact(101)),
        ("activity_cutoff", U64, compact(722)),
        ("activity_cutoff_factor", U32, compact(2_000)),
        ("registration_allowed", BOOL, vec![0]),
        ("target_regs_per_interval", U16, compact(4)),
        ("min_burn", TAO_BALANCE, compact(500_001)),
        ("max_burn", TAO_BALANCE, compact(100_000_000_001)),
        ("burn_half_life", U16, compact(363)),
        (
            "burn_increase_mult",
            U64F64_VALUE,
            (3u128 << 63).to_le_bytes().to_vec(),
        ),
        ("bonds_moving_avg", U64, compact(900_001)),
        ("max_regs_per_block", U16, compact(5)),
        ("serving_rate_limit", U64, compact(51)),
        ("max_validators", U16, compact(65)),
        ("commit_reveal_period", U64, compact(6)),
        ("commit_reveal_weights_enabled", BOOL, vec![1]),
        ("alpha_high", U16, compact(58_983)),
        ("alpha_low", U16, compact(45_876)),
        ("liquid_alpha_enabled", BOOL, vec![1]),
        (
            "alpha_sigmoid_steepness",
            I32F32,
            (-1_000i64 << 32).to_le_bytes().to_vec(),
        ),
        ("yuma_version", U16, compact(3)),
        ("subnet_is_active", BOOL, vec![1]),
        ("transfers_enabled", BOOL, vec![0]),
        ("bonds_reset_enabled", BOOL, vec![1]),
        ("user_liquidity_enabled", BOOL, vec![0]),
        ("owner_cut_enabled", BOOL, vec![0]),
        ("owner_cut_auto_lock_enabled", BOOL, vec![1]),
        ("min_childkey_take", U16, compact(77)),
    ]
}

#[test]
fn the_third_form_of_hyperparameters_describes_itself() {
    with_described_subnet(|| {
        let entry = |(name, kind, value)| [bytes(name), vec![kind], value].concat();
        let expected = list(third_hyperparameters().into_iter().map(entry).collect());
        let found = SubtensorModule::get_subnet_hyperparams_v3(NETUID).expect("known");
        assert_eq!(found.encode(), expected);
    });
}

#[test]
fn subnet_info_has_18_fields_and_then_the_identity() {
    with_described_subnet(|| {
        let fields = vec![
            compact(1),
            compact(11),
            compact(32_768),
            compact(10_000_001),
            compact(4_097),
            compact(65),
            compact(3),
            compact(60_000),
            compact(50),
            compact(2),
            compact(255),
            compact(31),
            compact(361),
            compact(0),
            list(vec![]),
            compact(0),
            compact(1_000_000_003),
            account(OWNER),
        ];
        let first = SubtensorModule::get_subnet_info(NETUID).expect("known");
        assert_bytes(first.encode(), &fields);
        let second = SubtensorModule::get_subnet_info_v2(NETUID).expect("known");
        let fields = [fields, vec![some(identity_bytes())]].concat();
        assert_bytes(second.encode(), &fields);
        let all = SubtensorModule::get_subnets_info_v2();
        assert_eq!(all.len(), 2, "root and the subnet");
        assert_eq!(all[1], Some(second));
    });
}

#[test]
fn dynamic_info_is_laid_out_as_on_the_chain() {
    with_described_subnet(|| {
        let all = metagraph_fields();
        let of_metagraph = |from: usize, to: usize| all[from..=to].to_vec();
        let fields = [
            vec![compact(1), account(OWNER_HOTKEY), account(OWNER)],
            of_metagraph(1, 2),
            of_metagraph(8, 20),
            vec![compact(21), some(identity_bytes())],
            of_metagraph(21, 21),
        ]
        .concat();
        let found = SubtensorModule::get_dynamic_info(NETUID).expect("known");
        assert_bytes(found.encode(), &fields);
        assert_eq!(SubtensorModule::get_all_dynamic_info()[1], Some(found));
    });
}

#[test]
fn subnet_state_is_laid_out_as_on_the_chain() {
    with_described_subnet(|| {
        LastHotkeyEmissionOnNetuid::<Test>::insert(id(HOTKEY), NETUID, 5);
        let all = metagraph_fields();
        let fields = [
            vec![compact(1)],
            all[52..=53].to_vec(),
            all[56..=69].to_vec(),
            vec![list(vec![compacts(&[0, 0]), compacts(&[0, 5])])],
        ]
        .concat();
        let found = SubtensorModule::get_subnet_state(NETUID).expect("known");
        assert_bytes(found.encode(), &fields);
    });
}

#[test]
fn stake_info_counts_what_a_coldkey_holds() {
    with_described_subnet(|| {
        let fields = [
            account(HOTKEY),
            account(COLDKEY),
            compact(1),
            compact(u128::from(STAKE)),
            compact(0),
            compact(99),
            compact(0),
            compact(0),
            vec![1],
        ];
        let infos = SubtensorModule::get_stake_info_for_coldkey(id(COLDKEY));
        assert_eq!(infos.len(), 1);
        assert_bytes(infos[0].encode(), &fields);
        let one =
            SubtensorModule::get_stake_info_for_hotkey_coldkey_netuid(id(HOTKEY), id(COLDKEY), 1);
        assert_eq!(one.as_ref(), Some(&infos[0]));
        let several = SubtensorModule::get_stake_info_for_coldkeys(vec![id(COLDKEY), id(555)]);
        assert_eq!(several, vec![(id(COLDKEY), infos), (id(555), vec![])]);
    });
}

#[test]
fn vectors_have_one_element_for_each_neuron() {
    with_described_subnet(|| {
        NetworkRegistrationAllowed::<Test>::insert(NETUID, true);
        frame_support::assert_ok!(register(200, 2));
        let state = SubtensorModule::get_subnet_state(NETUID).expect("known");
        let lengths = [
            state.hotkeys.len(),
            state.coldkeys.len(),
            state.active.len(),
            state.validator_permit.len(),
            state.last_update.len(),
            state.emission.len(),
            state.dividends.len(),
            state.incentives.len(),
            state.consensus.len(),
            state.block_at_registration.len(),
            state.alpha_stake.len(),
            state.tao_stake.len(),
            state.total_stake.len(),
        ];
        assert_eq!(lengths, [3; 13]);
        assert_eq!(SubtensorModule::get_neurons_lite(NETUID).len(), 3);
    });
}

#[test]
fn a_delegate_is_laid_out_as_on_the_chain() {
    with_described_subnet(|| {
        Delegates::<Test>::insert(id(HOTKEY), 11_796);
        let found = SubtensorModule::get_delegate(id(HOTKEY))
            .expect("a delegate")
            .encode();
        let stake = [compact(1), compact(u128::from(STAKE))].concat();
        let head = [
            account(HOTKEY),
            compact(11_796),
            list(vec![[account(COLDKEY), list(vec![stake])].concat()]),
            account(COLDKEY),
            compacts(&[1]),
            compacts(&[1]),
        ]
        .concat();
        assert_eq!(found[..head.len()], head);
        assert!(SubtensorModule::get_delegate(id(555)).is_none());
    });
}

#[test]
fn the_next_epoch_is_a_tempo_after_the_last() {
    with_described_subnet(|| {
        LastEpochBlock::<Test>::insert(NETUID, 990);
        let next = || SubtensorModule::get_next_epoch_start_block(NETUID);
        assert_eq!(next(), Some(990 + 361));
        PendingEpochAt::<Test>::insert(NETUID, 1_010);
        assert_eq!(next(), Some(1_010));
        Tempo::<Test>::insert(NETUID, 0);
        assert_eq!(next(), None);
    });
}

#[test]
fn compact_integers_agree_with_the_codec() {
    for value in [
        0,
        63,
        64,
        16_383,
        16_384,
        (1 << 30) - 1,
        1 << 30,
        u128::from(u64::MAX),
        1 << 70,
    ] {
        assert_eq!(compact(value), codec::Compact(value).encode());
    }
}

#[test]
fn accounts_are_written_as_32_bytes() {
    assert_eq!(id(OWNER).encode(), account(OWNER));
}
