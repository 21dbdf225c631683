//! Public keys that were seen before, decoded, and with tables once they come often.
#![forbid(unsafe_code)]

use crate::comb::Comb;
use alloc::{collections::BTreeMap, vec::Vec};
use schnorrkel::PublicKey;

/// A full subnet has 256 keys; the rest is for those that come and go.
pub const CAPACITY: usize = 320;
/// Tables cost two to three checks without them, and save two thirds of each later one. Made at the
/// fourth check, they make a flood of ever new keys at most half as dear again.
const CHECKS_BEFORE_TABLES: u8 = 3;

/// One key; nothing in it is secret.
pub struct KnownKey {
    bytes: [u8; 32],
    public: PublicKey,
    comb: Option<Comb>,
    checks: u8,
    used: bool,
}

/// A bounded memory; what was not used since the hand last came by makes room.
pub struct KnownKeys {
    places: BTreeMap<[u8; 32], usize>,
    keys: Vec<KnownKey>,
    hand: usize,
    capacity: usize,
}

impl KnownKey {
    fn new(bytes: &[u8; 32]) -> Option<Self> {
        let public = PublicKey::from_bytes(bytes).ok()?;
        Some(Self { bytes: *bytes, public, comb: None, checks: 0, used: false })
    }

    /// The key as schnorrkel takes it.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its tables, if it has them.
    pub fn comb(&self) -> Option<&Comb> {
        self.comb.as_ref()
    }

    /// Counts a check; makes the tables when they are due and `may_build`. Whether it did.
    pub fn count_check(&mut self, may_build: bool) -> bool {
        if self.comb.is_some() {
            return false;
        }
        if self.checks < CHECKS_BEFORE_TABLES {
            self.checks += 1;
            return false;
        }
        if may_build {
            self.comb = Comb::of(&self.bytes);
        }
        may_build
    }
}

impl KnownKeys {
    /// Empty; holds at most `capacity` keys, which is above zero.
    pub fn new(capacity: usize) -> Self {
        Self { places: BTreeMap::new(), keys: Vec::new(), hand: 0, capacity }
    }

    /// The key behind an encoding, remembered from now on; `None` for bytes that are no point.
    pub fn find(&mut self, bytes: &[u8; 32]) -> Option<&mut KnownKey> {
        let place = match self.places.get(bytes) {
            Some(place) => self.mark(*place),
            None => self.admit(KnownKey::new(bytes)?),
        };
        Some(&mut self.keys[place])
    }

    // Not at its first use: keys that come once then push out each other, not those that stay.
    fn mark(&mut self, place: usize) -> usize {
        self.keys[place].used = true;
        place
    }

    fn admit(&mut self, key: KnownKey) -> usize {
        let bytes = key.bytes;
        let place = if self.keys.len() < self.capacity {
            self.keys.push(key);
            self.keys.len() - 1
        } else {
            let place = self.free_place();
            self.places.remove(&self.keys[place].bytes);
            self.keys[place] = key;
            place
        };
        self.places.insert(bytes, place);
        place
    }

    // Ends within two rounds: the first clears every mark.
    fn free_place(&mut self) -> usize {
        loop {
            let place = self.hand;
            self.hand = (place + 1) % self.capacity;
            if !core::mem::take(&mut self.keys[place].used) {
                return place;
            }
        }
    }
}
