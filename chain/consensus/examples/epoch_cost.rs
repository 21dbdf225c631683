//! Prints what one epoch of a full subnet costs: 256 neurons, 64 validators with full rows.

use std::time::Instant;

use subnet_consensus::*;

const NEURONS: u16 = 256;
const VALIDATORS: u16 = 64;
const ROUNDS: u32 = 20;

fn main() {
    for (name, yuma3, liquid) in [
        ("yuma2", false, false),
        ("yuma3", true, false),
        ("yuma3 with liquid alpha", true, true),
    ] {
        let mut input = full_subnet(yuma3, liquid);
        input.bonds = epoch(&input).bonds;
        let start = Instant::now();
        for _ in 0..ROUNDS {
            input.bonds = epoch(&input).bonds;
        }
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0 / f64::from(ROUNDS);
        println!("{name}: {milliseconds:.2} ms");
    }
}

fn full_subnet(yuma3: bool, liquid: bool) -> EpochInput {
    let n = usize::from(NEURONS);
    let is_validator = |uid: u16| uid < VALIDATORS;
    let weight =
        |row: u16, column: u16| 1 + row.wrapping_mul(7919).wrapping_add(column * 104) % 65_535;
    let row = |row: u16| {
        (0..NEURONS)
            .map(|column| (column, weight(row, column)))
            .collect()
    };
    EpochInput {
        block: 1000,
        tempo: 360,
        activity_cutoff_factor_milli: 13_889,
        last_mechanism_step_block: 900,
        last_update: vec![990; n],
        block_at_registration: vec![1; n],
        stake: (0..NEURONS)
            .map(|uid| {
                U64F64::from(if is_validator(uid) {
                    1000 + u64::from(uid)
                } else {
                    0
                })
            })
            .collect(),
        permits: (0..NEURONS).map(is_validator).collect(),
        max_allowed_validators: VALIDATORS,
        weights: (0..NEURONS)
            .map(|uid| {
                if is_validator(uid) {
                    row(uid)
                } else {
                    Vec::new()
                }
            })
            .collect(),
        bonds: vec![Vec::new(); n],
        kappa: 32_767,
        bonds_penalty: 65_535,
        bonds_moving_average: 900_000,
        yuma3,
        liquid_alpha: liquid.then_some(LiquidAlpha {
            low: 45_875,
            high: 58_982,
            steepness: 1000,
        }),
        emission: 1_000_000_000,
        ..EpochInput::default()
    }
}
