//! When an epoch runs: the stateful schedule (spec 423 and later) and the older modulo formula.

/// Longest tempo a subnet may choose; beyond it an epoch is due in any case.
pub const MAX_TEMPO: u64 = 50_400;

/// The stored state of one subnet's schedule, in blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochClock {
    pub tempo: u16,
    pub last_epoch_block: u64,
    /// Zero when no manual trigger waits.
    pub pending_epoch_at: u64,
    pub blocks_since_last_step: u64,
}

/// Block at which the next epoch starts as far as the schedule knows; `None` for tempo 0.
pub fn next_epoch_start(clock: &EpochClock) -> Option<u64> {
    if clock.tempo == 0 {
        return None;
    }
    let automatic = automatic_epoch_start(clock);
    if clock.pending_epoch_at == 0 {
        return Some(automatic);
    }
    Some(automatic.min(clock.pending_epoch_at))
}

/// Blocks from `block` to the next automatic epoch; `u64::MAX` for tempo 0.
pub fn blocks_until_next_epoch(clock: &EpochClock, block: u64) -> u64 {
    if clock.tempo == 0 {
        return u64::MAX;
    }
    automatic_epoch_start(clock).saturating_sub(block)
}

/// Whether an epoch slot is due in `block`.
pub fn epoch_due(clock: &EpochClock, block: u64) -> bool {
    if clock.tempo == 0 {
        return false;
    }
    let triggered = clock.pending_epoch_at > 0 && block >= clock.pending_epoch_at;
    let overdue = clock.blocks_since_last_step > MAX_TEMPO;
    triggered || overdue || block.saturating_sub(clock.last_epoch_block) >= u64::from(clock.tempo)
}

/// `LastEpochBlock` of a subnet created in `block`, chosen to spread the subnets.
pub fn first_epoch_anchor(block: u64, netuid: u16, tempo: u16) -> u64 {
    block.saturating_sub(u64::from(netuid.checked_rem(tempo).unwrap_or(0)))
}

/// Distance to the next epoch by the formula of spec 422 and older (period tempo + 1).
pub fn legacy_blocks_until_next_epoch(netuid: u16, tempo: u16, block: u64) -> u64 {
    if tempo == 0 {
        return u64::MAX;
    }
    let tempo = u64::from(tempo);
    let position = block.saturating_add(u64::from(netuid)).saturating_add(1);
    tempo.saturating_sub(position % (tempo + 1))
}

/// Number of the epoch that `block` belongs to by the older formula.
pub fn legacy_epoch_index(netuid: u16, tempo: u16, block: u64) -> u64 {
    let position = block.saturating_add(u64::from(netuid)).saturating_add(1);
    position / (u64::from(tempo) + 1)
}

fn automatic_epoch_start(clock: &EpochClock) -> u64 {
    clock
        .last_epoch_block
        .saturating_add(u64::from(clock.tempo))
}
