//! Every case of `test/vectors/yuma-cases.json` against the pure mathematics.

use std::fs;
use std::path::Path;

use serde_json::Value;
use subnet_consensus::*;

const EMISSION: u64 = 1_000_000_000;

#[test]
fn every_case_agrees() {
    let cases = load_cases();
    assert_eq!(cases.len(), 26);
    let failures: Vec<String> = cases.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn load_cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/vectors/yuma-cases.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn failure(case: &Value) -> Option<String> {
    let id = case["id"].as_str().unwrap();
    let outcome = match case["kind"].as_str().unwrap() {
        "epoch_sequence" => check_sequence(case),
        "math" => check_rows(case, |row| check_math(id, row)),
        "schedule" => check_rows(case, |row| check_schedule(id, row)),
        "emission_split" => check_rows(case, check_split),
        other => Err(format!("unknown kind {other}")),
    };
    outcome.err().map(|problem| format!("{id}: {problem}"))
}

fn check_rows(case: &Value, check: impl Fn(&Value) -> Result<(), String>) -> Result<(), String> {
    let rows = case["rows"].as_array().unwrap();
    assert!(!rows.is_empty());
    rows.iter()
        .try_for_each(|row| check(row).map_err(|problem| format!("{row}: {problem}")))
}

fn check_sequence(case: &Value) -> Result<(), String> {
    let tolerance = case["tolerance_absolute_on_fractions"]
        .as_f64()
        .unwrap_or(0.0);
    let mut subnet = Subnet::from_case(case);
    let steps = case["steps"].as_array().unwrap();
    for (index, step) in steps.iter().enumerate() {
        if let Some(mut output) = subnet.apply(step) {
            forget_replaced(&mut output.permits, &steps[index + 1..]);
            check_epoch(step, &output, tolerance).map_err(|p| format!("step {index}: {p}"))?;
        }
    }
    Ok(())
}

/// The reference model recorded its permit vector by reference: a uid replaced before the next
/// epoch already shows without its permit.
fn forget_replaced(permits: &mut [bool], later: &[Value]) {
    for step in later.iter().take_while(|step| step["op"] != "epoch") {
        if step["op"] == "replace" {
            permits[number(&step["uid"]) as usize] = false;
        }
    }
}

/// The parts of a subnet's state that a case can touch.
struct Subnet {
    input: EpochInput,
    tao_weight: u64,
}

impl Subnet {
    fn from_case(case: &Value) -> Self {
        let params = &case["params"];
        let start = number(&params["start_block"]);
        let n = number(&params["n"]) as usize;
        let liquid = LiquidAlpha {
            low: short(&params["alpha_low_u16"]),
            high: short(&params["alpha_high_u16"]),
            steepness: params["alpha_sigmoid_steepness"].as_i64().unwrap() as i16,
        };
        let input = EpochInput {
            block: start,
            tempo: short(&params["tempo"]),
            activity_cutoff_factor_milli: number(&params["activity_cutoff_factor_milli"]) as u32,
            last_mechanism_step_block: number(&params["last_mechanism_step_block"]),
            last_update: vec![start; n],
            block_at_registration: vec![start; n],
            stake: numbers(&case["stakes"])
                .into_iter()
                .map(U64F64::from)
                .collect(),
            stake_threshold: number(&params["stake_threshold"]),
            owner_uid: params["owner_uid"].as_u64().map(|uid| uid as u16),
            permits: vec![false; n],
            max_allowed_validators: short(&params["max_allowed_validators"]),
            weights: vec![Vec::new(); n],
            bonds: vec![Vec::new(); n],
            commit_blocks: None,
            kappa: short(&params["kappa_u16"]),
            bonds_penalty: short(&params["bonds_penalty_u16"]),
            bonds_moving_average: number(&params["bonds_moving_average_ppm"]),
            yuma3: params["yuma3_on"].as_bool().unwrap(),
            liquid_alpha: params["liquid_alpha_on"]
                .as_bool()
                .unwrap()
                .then_some(liquid),
            emission: EMISSION,
        };
        assert!(!params["commit_reveal"].as_bool().unwrap());
        Self {
            input,
            tao_weight: number(&params["tao_weight"]),
        }
    }

    fn apply(&mut self, step: &Value) -> Option<EpochOutput> {
        assert_eq!(self.tao_weight, 0);
        match step["op"].as_str().unwrap() {
            "advance" => self.input.block += number(&step["blocks"]),
            "set_weights" => self.set_weights(step),
            "replace" => self.replace(number(&step["uid"]) as usize, number(&step["stake"])),
            "set_permits" => self.input.permits = flags(&step["permits"]),
            "set_last_update" => self.input.last_update = numbers(&step["last_update"]),
            "epoch" => return Some(self.epoch(step)),
            other => panic!("unknown op {other}"),
        }
        None
    }

    fn set_weights(&mut self, step: &Value) {
        let uid = number(&step["uid"]) as usize;
        let values: Vec<u16> = numbers(&step["values"])
            .into_iter()
            .map(|v| v as u16)
            .collect();
        let dests = numbers(&step["dests"]).into_iter().map(|uid| uid as u16);
        self.input.weights[uid] = dests.zip(max_upscale_u16(&values)).collect();
        self.input.last_update[uid] = self.input.block;
    }

    fn replace(&mut self, uid: usize, stake: u64) {
        let input = &mut self.input;
        input.weights[uid].clear();
        input.bonds[uid].clear();
        let incoming = input.weights.iter_mut().flatten();
        incoming
            .filter(|(dest, _)| usize::from(*dest) == uid)
            .for_each(|(_, value)| *value = 0);
        input.permits[uid] = false;
        input.stake[uid] = U64F64::from(stake);
        input.last_update[uid] = input.block;
        input.block_at_registration[uid] = input.block;
    }

    fn epoch(&mut self, step: &Value) -> EpochOutput {
        assert_eq!(
            step["block"].as_u64().unwrap_or(self.input.block),
            self.input.block
        );
        self.input.emission = step["emission"].as_u64().unwrap_or(EMISSION);
        let output = epoch(&self.input);
        self.input.permits.clone_from(&output.permits);
        self.input.bonds.clone_from(&output.bonds);
        output
    }
}

fn check_epoch(step: &Value, output: &EpochOutput, tolerance: f64) -> Result<(), String> {
    let actual = as_json(output);
    for part in ["model", "asserted"] {
        let Some(fields) = step[part].as_object() else {
            continue;
        };
        for (name, expected) in fields {
            let agrees = check_field(name, expected, &actual, tolerance);
            if !agrees {
                let field = name.trim_end_matches("_at").trim_end_matches("_fraction");
                return Err(format!(
                    "{part}.{name}: expected {expected}, got {}",
                    actual[field]
                ));
            }
        }
    }
    Ok(())
}

fn check_field(name: &str, expected: &Value, actual: &Value, tolerance: f64) -> bool {
    if name == "bonds_at" {
        return expected.as_array().unwrap().iter().all(|triple| {
            bond(actual, number(&triple[0]), number(&triple[1])) == number(&triple[2])
        });
    }
    if name == "bonds_fraction" {
        return (0..)
            .zip(expected.as_array().unwrap())
            .all(|(row, columns)| {
                columns.as_object().unwrap().iter().all(|(column, value)| {
                    let got = bond(actual, row, column.parse().unwrap());
                    near(got as f64 / 65_535.0, value.as_f64().unwrap(), tolerance)
                })
            });
    }
    if let Some(field) = name.strip_suffix("_fraction") {
        let values = expected
            .as_array()
            .unwrap()
            .iter()
            .zip(numbers(&actual[field]));
        return values
            .into_iter()
            .all(|(value, got)| near(got as f64 / 65_535.0, value.as_f64().unwrap(), tolerance));
    }
    if let Some(field) = name.strip_suffix("_at") {
        let entries = expected.as_object().unwrap();
        return entries
            .iter()
            .all(|(uid, v)| actual[field][uid.parse::<usize>().unwrap()] == *v);
    }
    actual.get(name) == Some(expected)
}

fn bond(actual: &Value, row: u64, column: u64) -> u64 {
    let entries = actual["bonds"][row as usize].as_array().unwrap();
    entries
        .iter()
        .find(|entry| entry[0] == column)
        .map_or(0, |entry| number(&entry[1]))
}

fn as_json(output: &EpochOutput) -> Value {
    serde_json::json!({
        "active": output.active,
        "stake_weight": output.stake_weight,
        "consensus": output.consensus,
        "incentive": output.incentive,
        "dividends": output.dividends,
        "validator_trust": output.validator_trust,
        "validator_permit": output.permits,
        "server_emission": output.server_emission,
        "validator_emission": output.validator_emission,
        "emission": output.emission,
        "bonds": output.bonds,
    })
}

fn check_math(id: &str, row: &Value) -> Result<(), String> {
    match id {
        "u16_max_upscale" => {
            let input: Vec<u16> = numbers(&row["input"])
                .into_iter()
                .map(|v| v as u16)
                .collect();
            same(max_upscale_u16(&input), &row["expected"])
        }
        "max_upscale_fixed" => same(max_upscale(&fixed_list(&row["input"])), &row["expected"]),
        "weighted_median" => {
            let minority = I32F32::ONE.sub(fixed(&row["majority"]));
            let (stake, score) = (fixed_list(&row["stake"]), fixed_list(&row["score"]));
            let median = weighted_median(&stake, &score, minority);
            same(median.to_bits(), &fixed(&row["expected"]).to_bits().into())
        }
        "topk" => {
            let k = number(&row["k"]) as usize;
            same(top_k(&fixed_list(&row["vector"]), k), &row["expected"])
        }
        "ema_alpha" => check_ema(row),
        "interpolate" => {
            let mixed = interpolate(
                &[sparse(&fixed_list(&row["a"]))],
                &[sparse(&fixed_list(&row["b"]))],
                row["a"].as_array().unwrap().len(),
                fixed(&row["ratio"]),
            );
            near_all(&values(&mixed[0]), expected(row), tolerance(row))
        }
        "column_max_upscale" => {
            let mut rows: Vec<SparseRow> = fixed_list(&row["column"])
                .into_iter()
                .map(|value| vec![(0, value)])
                .collect();
            column_max_upscale(&mut rows, 1);
            let column: Vec<I32F32> = rows.iter().map(|row| row[0].1).collect();
            near_all(&column, expected(row), tolerance(row))
        }
        other => Err(format!("unknown id {other}")),
    }
}

fn check_ema(row: &Value) -> Result<(), String> {
    let matrix = |name: &str| -> Vec<Vec<I32F32>> {
        row[name]
            .as_array()
            .unwrap()
            .iter()
            .map(fixed_list)
            .collect()
    };
    let rows = |name: &str| {
        matrix(name)
            .iter()
            .map(|row| sparse(row))
            .collect::<Vec<_>>()
    };
    let alpha = matrix("alpha");
    let bonds = ema_per_cell(&rows("new"), &rows("old"), |row, column| {
        alpha[row][usize::from(column)]
    });
    let pairs = bonds.iter().zip(expected(row));
    pairs.into_iter().try_for_each(|(bonds, expected)| {
        near_all(&values(bonds), expected.as_array().unwrap(), tolerance(row))
    })
}

fn check_schedule(id: &str, row: &Value) -> Result<(), String> {
    let clock = EpochClock {
        tempo: short(&row["tempo"]),
        last_epoch_block: number(&row["last_epoch_block"]),
        pending_epoch_at: row["pending_epoch_at"].as_u64().unwrap_or(0),
        blocks_since_last_step: 0,
    };
    match id {
        "next_epoch_block" => same(next_epoch_start(&clock), &row["expected"]),
        "blocks_until_next_epoch" => same(
            blocks_until_next_epoch(&clock, number(&row["block"])),
            &row["expected"],
        ),
        other => Err(format!("unknown id {other}")),
    }
}

fn check_split(row: &Value) -> Result<(), String> {
    let cut = row["owner_cut_u16"]
        .as_u64()
        .or(row["owner_cut"].as_u64())
        .unwrap() as u16;
    let root =
        U96F32::from_bits((row["root_proportion"].as_f64().unwrap() * 2f64.powi(32)) as u128);
    let split = split_block_alpha(number(&row["alpha_out"]), cut, root);
    let parts = [
        ("owner", split.owner),
        ("server", split.server),
        ("pending_server", split.server),
        ("pending_validator", split.validator),
        ("pending_root_alpha", split.root),
        ("validator_plus_root", split.validator + split.root),
    ];
    let slack = row["tolerance"].as_u64().unwrap_or(0);
    for (name, got) in parts {
        let Some(wanted) = row[name].as_u64() else {
            continue;
        };
        if got.abs_diff(wanted) > slack {
            return Err(format!("{name}: expected {wanted}, got {got}"));
        }
    }
    Ok(())
}

fn same(actual: impl serde::Serialize, expected: &Value) -> Result<(), String> {
    let actual = serde_json::to_value(actual).unwrap();
    if actual == *expected {
        return Ok(());
    }
    Err(format!("expected {expected}, got {actual}"))
}

fn near_all(actual: &[I32F32], expected: &[Value], tolerance: f64) -> Result<(), String> {
    let actual: Vec<f64> = actual
        .iter()
        .map(|v| v.to_bits() as f64 / 2f64.powi(32))
        .collect();
    let close = actual
        .iter()
        .zip(expected)
        .all(|(a, e)| near(*a, e.as_f64().unwrap(), tolerance));
    if close && actual.len() == expected.len() {
        return Ok(());
    }
    Err(format!("expected {expected:?}, got {actual:?}"))
}

fn near(actual: f64, expected: f64, tolerance: f64) -> bool {
    (actual - expected).abs() <= tolerance
}

fn expected(row: &Value) -> &[Value] {
    row["expected"].as_array().unwrap()
}

fn tolerance(row: &Value) -> f64 {
    row["tolerance"].as_f64().unwrap()
}

fn sparse(dense: &[I32F32]) -> SparseRow {
    (0..).zip(dense.iter().copied()).collect()
}

fn values(row: &SparseRow) -> Vec<I32F32> {
    row.iter().map(|(_, value)| *value).collect()
}

fn fixed_list(list: &Value) -> Vec<I32F32> {
    list.as_array().unwrap().iter().map(fixed).collect()
}

fn fixed(value: &Value) -> I32F32 {
    I32F32::from_bits((value.as_f64().unwrap() * 2f64.powi(32)).round_ties_even() as i64)
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("not a number: {value}"))
}

fn short(value: &Value) -> u16 {
    u16::try_from(number(value)).unwrap()
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(number).collect()
}

fn flags(list: &Value) -> Vec<bool> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|flag| flag.as_bool().unwrap())
        .collect()
}
