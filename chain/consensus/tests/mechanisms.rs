//! Several mechanisms of one subnet.
use subnet_consensus::{add_mechanism, mechanism_weight, split_emission, EpochOutput, U64F64};

#[test]
fn emission_is_split_evenly_or_by_parts_and_the_rest_goes_to_the_first() {
    assert_eq!(split_emission(10, 3, None), [4, 3, 3]);
    assert_eq!(split_emission(10, 1, None), [10]);
    assert_eq!(split_emission(10, 2, Some(&[0, 65535])), [0, 10]);
    assert_eq!(split_emission(100, 2, Some(&[32768, 32767])), [51, 49]);
    assert_eq!(split_emission(100, 3, Some(&[16384, 49151])), [26, 74, 0]);
    assert_eq!(split_emission(u64::MAX, 2, Some(&[65535])), [u64::MAX, 0]);
    assert_eq!(split_emission(10, 0, None), []);
}

#[test]
fn a_single_mechanism_is_the_subnet() {
    let only = EpochOutput {
        active: vec![true, false],
        stake_weight: vec![65535, 1],
        consensus: vec![3, 65535],
        dividends: vec![65535, 0],
        validator_trust: vec![65534, 7],
        permits: vec![false, true],
        server_emission: vec![u64::MAX, 2],
        validator_emission: vec![3, 4],
        emission: vec![u64::MAX, 6],
        ..EpochOutput::default()
    };
    for (share, alpha) in [(77, 77), (0, 0)] {
        let mut total = EpochOutput::default();
        add_mechanism(&mut total, &only, mechanism_weight(share, alpha, true));
        assert_eq!(total, only);
    }
}

#[test]
fn results_are_weighed_by_the_parts_of_the_emission() {
    let part = |permit: bool, ratio: u16, paid: u64| EpochOutput {
        permits: vec![permit],
        dividends: vec![ratio],
        server_emission: vec![paid],
        emission: vec![paid],
        ..EpochOutput::default()
    };
    let mut total = EpochOutput::default();
    add_mechanism(
        &mut total,
        &part(false, 65535, 75),
        mechanism_weight(75, 100, true),
    );
    add_mechanism(
        &mut total,
        &part(true, 101, 25),
        mechanism_weight(25, 100, false),
    );
    assert_eq!(total.permits, [true]);
    // 65535 * 0.75 = 49151.25, then 101 * 0.25 = 25.25.
    assert_eq!(total.dividends, [49176]);
    assert_eq!(total.server_emission, [100]);
    // 75 * 0.75 = 56.25, then 25 * 0.25 = 6.25.
    assert_eq!(total.emission, [62]);
    assert_eq!(mechanism_weight(0, 0, false), U64F64::ZERO);
}
