//! Sparse matrices: one row per validator, entries in the order in which they are stored.

use alloc::vec;
use alloc::vec::Vec;

use crate::fixed::I32F32;

/// Entries `(column, value)` of one row.
pub type SparseRow = Vec<(u16, I32F32)>;

/// The row as a dense vector of `columns` values; a repeated column keeps its last value.
pub(crate) fn scatter(row: &[(u16, I32F32)], columns: usize) -> Vec<I32F32> {
    let mut dense = vec![I32F32::ZERO; columns];
    for (column, value) in row {
        if let Some(cell) = dense.get_mut(usize::from(*column)) {
            *cell = *value;
        }
    }
    dense
}

/// The positive values of a dense row, in column order.
pub(crate) fn gather(dense: &[I32F32]) -> SparseRow {
    let mut row = SparseRow::with_capacity(dense.len());
    let entries = (0u16..).zip(dense.iter().copied());
    row.extend(entries.filter(|(_, value)| *value > I32F32::ZERO));
    row
}

pub(crate) fn row_sum(row: &[(u16, I32F32)]) -> I32F32 {
    row.iter()
        .fold(I32F32::ZERO, |total, (_, value)| total.add(*value))
}

pub(crate) fn normalize_rows(rows: &mut [SparseRow]) {
    for row in rows {
        let total = row_sum(row);
        if total > I32F32::ZERO {
            row.iter_mut()
                .for_each(|(_, value)| *value = value.div(total));
        }
    }
}

pub(crate) fn normalize_columns(rows: &mut [SparseRow], columns: usize) {
    let totals = fold_columns(rows, columns, I32F32::add);
    divide_columns(rows, &totals);
}

/// Divides every column by its largest value, so that this becomes 1; empty columns stay.
pub fn column_max_upscale(rows: &mut [SparseRow], columns: usize) {
    let largest = fold_columns(rows, columns, I32F32::max);
    divide_columns(rows, &largest);
}

fn fold_columns(
    rows: &[SparseRow],
    columns: usize,
    combine: impl Fn(I32F32, I32F32) -> I32F32,
) -> Vec<I32F32> {
    let mut result = vec![I32F32::ZERO; columns];
    for (column, value) in rows.iter().flatten() {
        if let Some(cell) = result.get_mut(usize::from(*column)) {
            *cell = combine(*cell, *value);
        }
    }
    result
}

fn divide_columns(rows: &mut [SparseRow], divisors: &[I32F32]) {
    for (column, value) in rows.iter_mut().flatten() {
        match divisors.get(usize::from(*column)) {
            Some(divisor) if *divisor != I32F32::ZERO => *value = value.div(*divisor),
            _ => {}
        }
    }
}

/// Every entry capped by its column's limit; entries under a limit of zero disappear.
pub(crate) fn clip_columns(rows: &[SparseRow], limits: &[I32F32]) -> Vec<SparseRow> {
    let clip = |(column, value): &(u16, I32F32)| {
        let limit = limits
            .get(usize::from(*column))
            .copied()
            .unwrap_or_default();
        let dropped = limit < *value && limit <= I32F32::ZERO;
        (!dropped).then_some((*column, limit.min(*value)))
    };
    let clip_row = |row: &SparseRow| {
        let mut clipped = SparseRow::with_capacity(row.len());
        clipped.extend(row.iter().filter_map(clip));
        clipped
    };
    rows.iter().map(clip_row).collect()
}

/// `sum_i scale_i * row_i`, column by column, each product floored.
pub(crate) fn combine_rows(rows: &[SparseRow], scales: &[I32F32], columns: usize) -> Vec<I32F32> {
    let mut result = vec![I32F32::ZERO; columns];
    for (row, scale) in rows.iter().zip(scales) {
        for (column, value) in row {
            if let Some(cell) = result.get_mut(usize::from(*column)) {
                *cell = cell.add(scale.mul(*value));
            }
        }
    }
    result
}

/// Every row's sum of products with `vector`.
pub(crate) fn multiply(rows: &[SparseRow], vector: &[I32F32]) -> Vec<I32F32> {
    let term = |(column, value): &(u16, I32F32)| {
        vector
            .get(usize::from(*column))
            .copied()
            .unwrap_or_default()
            .mul(*value)
    };
    let product = |row: &SparseRow| {
        row.iter()
            .fold(I32F32::ZERO, |total, entry| total.add(term(entry)))
    };
    rows.iter().map(product).collect()
}

/// [`multiply`] of the column-normalised rows, without writing those down.
pub(crate) fn multiply_shares(rows: &[SparseRow], vector: &[I32F32]) -> Vec<I32F32> {
    let totals = fold_columns(rows, vector.len(), I32F32::add);
    let term = |(column, value): &(u16, I32F32)| {
        let column = usize::from(*column);
        match (vector.get(column), totals.get(column)) {
            (Some(factor), Some(total)) if *factor != I32F32::ZERO && *total != I32F32::ZERO => {
                factor.mul(value.div(*total))
            }
            _ => I32F32::ZERO,
        }
    };
    let product = |row: &SparseRow| {
        row.iter()
            .fold(I32F32::ZERO, |total, entry| total.add(term(entry)))
    };
    rows.iter().map(product).collect()
}

pub(crate) fn scale_rows(rows: &[SparseRow], scales: &[I32F32]) -> Vec<SparseRow> {
    let scaled = |(row, scale): (&SparseRow, &I32F32)| {
        row.iter()
            .map(|(column, value)| (*column, value.mul(*scale)))
            .collect()
    };
    rows.iter().zip(scales).map(scaled).collect()
}

/// `first + ratio * (second - first)`, keeping positive results in column order.
/// At ratios 0 and 1 the matrix itself is returned, in its own order.
pub fn interpolate(
    first: &[SparseRow],
    second: &[SparseRow],
    columns: usize,
    ratio: I32F32,
) -> Vec<SparseRow> {
    if ratio == I32F32::ZERO {
        return first.to_vec();
    }
    if ratio == I32F32::ONE {
        return second.to_vec();
    }
    let mix = |(a, b): (&I32F32, &I32F32)| a.add(ratio.mul(b.sub(*a)));
    let row = |(a, b): (&SparseRow, &SparseRow)| {
        let (a, b) = (scatter(a, columns), scatter(b, columns));
        gather(&a.iter().zip(&b).map(mix).collect::<Vec<_>>())
    };
    first.iter().zip(second).map(row).collect()
}
