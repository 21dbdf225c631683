//! What this pallet needs of the pallet that keeps commitments.

use alloc::vec::Vec;

pub trait Commitments<AccountId> {
    /// Everybody's commitment on a subnet, encoded as it is stored.
    fn encoded(netuid: u16) -> Vec<(AccountId, Vec<u8>)>;
    /// Forgets all of them: the subnet is removed.
    fn purge(netuid: u16);
}

/// A chain without commitments.
impl<AccountId> Commitments<AccountId> for () {
    fn encoded(_: u16) -> Vec<(AccountId, Vec<u8>)> {
        Vec::new()
    }

    fn purge(_: u16) {}
}
