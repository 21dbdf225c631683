//! Properties that hold for every subnet, checked on seeded random ones.

use subnet_consensus::*;

const DUE: u64 = 1_000_000_000;

/// Marsaglia's xorshift: enough to vary inputs, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Small, typical, and extreme values alike.
    fn wild(&mut self) -> u64 {
        match self.below(6) {
            0 => 0,
            1 => u64::MAX,
            2 => self.below(10),
            3 => u64::from(u16::MAX) + self.below(3),
            4 => self.next() >> self.below(64),
            _ => self.below(1_000_000_000_000),
        }
    }

    fn row(&mut self, n: u64, percent: u64) -> Vec<(u16, u16)> {
        let uids: Vec<u64> = (0..n).filter(|_| self.chance(percent)).collect();
        uids.into_iter()
            .map(|uid| (uid as u16, self.below(65_536) as u16))
            .collect()
    }
}

/// A plausible subnet: distinct stakes, everyone active, nobody newly registered.
fn subnet(random: &mut Random) -> EpochInput {
    let n = 2 + random.below(14);
    let validators = 1 + random.below(n);
    let stake = |random: &mut Random, uid| match uid < validators {
        true => U64F64::from(random.below(1_000_000) * n + uid + 1),
        false => U64F64::ZERO,
    };
    EpochInput {
        block: 1000,
        tempo: 360,
        activity_cutoff_factor_milli: 13_889,
        last_mechanism_step_block: 900,
        last_update: vec![990; n as usize],
        block_at_registration: vec![1; n as usize],
        stake: (0..n).map(|uid| stake(random, uid)).collect(),
        permits: (0..n).map(|uid| uid < validators).collect(),
        max_allowed_validators: 64,
        weights: (0..n).map(|_| random.row(n, 60)).collect(),
        bonds: (0..n).map(|_| random.row(n, 40)).collect(),
        kappa: 32_767,
        bonds_penalty: [0, 32_767, 65_535][random.below(3) as usize],
        bonds_moving_average: 900_000,
        yuma3: random.chance(50),
        liquid_alpha: random.chance(50).then_some(LiquidAlpha {
            low: 45_875,
            high: 58_982,
            steepness: 1000,
        }),
        emission: DUE,
        ..EpochInput::default()
    }
}

fn total(amounts: &[u64]) -> u128 {
    amounts.iter().map(|amount| u128::from(*amount)).sum()
}

fn assert_not_overspent(output: &EpochOutput, due: u64) {
    assert!(total(&output.emission) <= u128::from(due));
    let paid = total(&output.server_emission) + total(&output.validator_emission);
    assert!(paid <= u128::from(due));
}

#[test]
fn emission_never_exceeds_what_is_due() {
    let mut random = Random(1);
    for _ in 0..500 {
        let input = subnet(&mut random);
        let output = epoch(&input);
        assert_not_overspent(&output, DUE);
        assert!(
            total(&output.emission) > u128::from(DUE - 1000),
            "{output:?}"
        );
    }
}

#[test]
fn the_order_of_uids_does_not_matter() {
    let mut random = Random(2);
    for _ in 0..300 {
        let mut input = subnet(&mut random);
        sort_rows(&mut input);
        let order = shuffled(input.stake.len(), &mut random);
        let moved = epoch(&permuted_input(&input, &order));
        assert_eq!(moved, permuted_output(&epoch(&input), &order));
    }
}

fn shuffled(n: usize, random: &mut Random) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, random.below(last as u64 + 1) as usize);
    }
    order
}

/// `order[new uid]` is the old uid.
fn permuted_input(input: &EpochInput, order: &[usize]) -> EpochInput {
    let mut result = EpochInput {
        stake: picked(&input.stake, order),
        permits: picked(&input.permits, order),
        weights: permuted_rows(&input.weights, order),
        bonds: permuted_rows(&input.bonds, order),
        ..input.clone()
    };
    sort_rows(&mut result);
    result
}

fn permuted_output(output: &EpochOutput, order: &[usize]) -> EpochOutput {
    let mut bonds = permuted_rows(&output.bonds, order);
    bonds.iter_mut().for_each(|row| row.sort_unstable());
    EpochOutput {
        active: picked(&output.active, order),
        stake_weight: picked(&output.stake_weight, order),
        consensus: picked(&output.consensus, order),
        incentive: picked(&output.incentive, order),
        dividends: picked(&output.dividends, order),
        validator_trust: picked(&output.validator_trust, order),
        permits: picked(&output.permits, order),
        server_emission: picked(&output.server_emission, order),
        validator_emission: picked(&output.validator_emission, order),
        emission: picked(&output.emission, order),
        bonds,
    }
}

fn picked<T: Clone>(values: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|old| values[*old].clone()).collect()
}

fn permuted_rows(rows: &[Vec<(u16, u16)>], order: &[usize]) -> Vec<Vec<(u16, u16)>> {
    let new_uid = |old: u16| {
        order
            .iter()
            .position(|uid| *uid == usize::from(old))
            .unwrap() as u16
    };
    let row = |old: &usize| {
        rows[*old]
            .iter()
            .map(|(uid, v)| (new_uid(*uid), *v))
            .collect()
    };
    order.iter().map(row).collect()
}

fn sort_rows(input: &mut EpochInput) {
    input
        .weights
        .iter_mut()
        .chain(&mut input.bonds)
        .for_each(|row| row.sort_unstable());
}

/// Four honest validators of equal stake agree in every epoch; the fifth sends what they sent
/// in the epoch before. With the bonds penalty at its default it never earns more than they do.
#[test]
fn a_copy_never_beats_its_original() {
    for yuma3 in [false, true] {
        for seed in 1..40 {
            assert_copier_is_behind(yuma3, &mut Random(seed));
        }
    }
}

fn assert_copier_is_behind(yuma3: bool, random: &mut Random) {
    const COPIER: usize = 4;
    let mut input = five_validators(yuma3);
    let mut previous = miners_row(random);
    for _ in 0..12 {
        let current = miners_row(random);
        input.weights = vec![current.clone(); COPIER];
        input.weights.push(previous);
        input.weights.resize(9, Vec::new());
        let output = epoch(&input);
        for honest in 0..COPIER {
            assert!(
                output.dividends[COPIER] <= output.dividends[honest],
                "{output:?}"
            );
        }
        input.bonds = output.bonds;
        previous = current;
    }
}

fn five_validators(yuma3: bool) -> EpochInput {
    let mut stake = vec![U64F64::from(1000); 5];
    stake.resize(9, U64F64::ZERO);
    EpochInput {
        block: 1000,
        tempo: 10,
        activity_cutoff_factor_milli: 13_889,
        last_mechanism_step_block: 990,
        last_update: vec![995; 9],
        block_at_registration: vec![0; 9],
        permits: stake.iter().map(|stake| *stake != U64F64::ZERO).collect(),
        stake,
        max_allowed_validators: 64,
        kappa: 32_767,
        bonds_penalty: 65_535,
        bonds_moving_average: 900_000,
        yuma3,
        emission: DUE,
        ..EpochInput::default()
    }
}

fn miners_row(random: &mut Random) -> Vec<(u16, u16)> {
    let values: Vec<u16> = (0..4).map(|_| random.below(65_536) as u16).collect();
    (5..9).zip(max_upscale_u16(&values)).collect()
}

#[test]
fn the_idle_earn_nothing() {
    let mut random = Random(4);
    for _ in 0..300 {
        let mut input = subnet(&mut random);
        let idle = random.below(input.stake.len() as u64) as u16;
        input.bonds[usize::from(idle)].clear();
        input.weights[usize::from(idle)].clear();
        for row in &mut input.weights {
            row.retain(|(uid, _)| *uid != idle);
        }
        let output = epoch(&input);
        let anyone_earned = output.incentive.iter().any(|value| *value > 0);
        if anyone_earned {
            assert_eq!(output.emission[usize::from(idle)], 0, "{input:?}");
        }
    }
}

#[test]
fn arbitrary_input_never_panics() {
    let mut random = Random(5);
    for _ in 0..2_000 {
        let input = arbitrary(&mut random);
        let output = epoch(&input);
        assert_not_overspent(&output, input.emission);
        let n = input.stake.len();
        assert_eq!(
            [
                output.active.len(),
                output.bonds.len(),
                output.emission.len()
            ],
            [n; 3]
        );
    }
}

fn arbitrary(random: &mut Random) -> EpochInput {
    let n = random.below(12);
    EpochInput {
        block: random.wild(),
        tempo: random.wild() as u16,
        activity_cutoff_factor_milli: random.wild() as u32,
        last_mechanism_step_block: random.wild(),
        last_update: some_values(random, Random::wild),
        block_at_registration: some_values(random, Random::wild),
        stake: (0..n).map(|_| arbitrary_stake(random)).collect(),
        stake_threshold: random.wild() >> random.below(64),
        owner_uid: random.chance(40).then_some(random.below(14) as u16),
        permits: some_values(random, |random| random.chance(70)),
        max_allowed_validators: random.wild() as u16,
        weights: some_values(random, arbitrary_row),
        bonds: some_values(random, arbitrary_row),
        commit_blocks: random
            .chance(30)
            .then_some(vec![random.wild(), random.wild()]),
        kappa: random.wild() as u16,
        bonds_penalty: random.wild() as u16,
        bonds_moving_average: random.wild(),
        yuma3: random.chance(50),
        liquid_alpha: random.chance(60).then_some(LiquidAlpha {
            low: random.wild() as u16,
            high: random.wild() as u16,
            steepness: random.wild() as i16,
        }),
        emission: random.wild(),
    }
}

fn some_values<T>(random: &mut Random, mut value: impl FnMut(&mut Random) -> T) -> Vec<T> {
    let count = random.below(14);
    (0..count).map(|_| value(random)).collect()
}

fn arbitrary_stake(random: &mut Random) -> U64F64 {
    let fraction = u128::from(random.wild());
    U64F64::from_bits((u128::from(random.wild()) << 64) | fraction)
}

fn arbitrary_row(random: &mut Random) -> Vec<(u16, u16)> {
    some_values(random, |random| {
        (random.below(15) as u16, random.wild() as u16)
    })
}
