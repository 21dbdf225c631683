//! The exports. Pointers are offsets in linear memory that the host got from [`alloc`]; the host
//! is the only caller, is single-threaded, and wipes what it wrote (and the shadow stack).
//! Results: 1 for done or valid, 0 for refused.
use crate::keys::{self, KEYPAIR};
use crate::signatures::{Claim, Signatures};
use alloc::vec::Vec;
use core::alloc::Layout;
use core::cell::RefCell;

#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// What lives from call to call; made by the first call that needs it.
struct Kept(RefCell<Option<Signatures>>);

// SAFETY: a WASM instance without shared memory has one thread.
unsafe impl Sync for Kept {}

static KEPT: Kept = Kept(RefCell::new(None));

fn with_signatures<T>(act: impl FnOnce(&mut Signatures) -> T) -> T {
    act(KEPT.0.borrow_mut().get_or_insert_with(Signatures::default))
}

/// Words per entry in the table that [`verify_batch`] reads: public, signature, message, length.
const ENTRY_WORDS: usize = 4;

/// `len` bytes aligned to 8, or 0 when memory is exhausted.
#[no_mangle]
pub extern "C" fn alloc(len: usize) -> *mut u8 {
    match Layout::from_size_align(len.max(1), 8) {
        // SAFETY: the layout's size is at least 1.
        Ok(layout) => unsafe { alloc::alloc::alloc(layout) },
        Err(_) => core::ptr::null_mut(),
    }
}

/// Gives back what [`alloc`] returned for the same `len`.
///
/// # Safety
/// `ptr` and `len` must be one earlier, still open, `alloc`.
#[no_mangle]
pub unsafe extern "C" fn free(ptr: *mut u8, len: usize) {
    if let Ok(layout) = Layout::from_size_align(len.max(1), 8) {
        alloc::alloc::dealloc(ptr, layout);
    }
}

/// mini secret (32) -> keypair (96).
///
/// # Safety
/// Every pointer must name that many bytes inside an open `alloc`; so for all exports below.
#[no_mangle]
pub unsafe extern "C" fn keypair_from_mini(mini: *const [u8; 32], out: *mut [u8; KEYPAIR]) -> u32 {
    put(out, keys::keypair_from_mini(&*mini))
}

/// canonical secret (64) -> keypair (96).
///
/// # Safety
/// See [`keypair_from_mini`].
#[no_mangle]
pub unsafe extern "C" fn keypair_from_secret(
    secret: *const [u8; 64],
    out: *mut [u8; KEYPAIR],
) -> u32 {
    put(out, keys::keypair_from_secret(&*secret))
}

/// keypair, chain code -> mini secret (32) and keypair (96).
///
/// # Safety
/// See [`keypair_from_mini`].
#[no_mangle]
pub unsafe extern "C" fn derive_hard(
    keypair: *const [u8; KEYPAIR],
    chain_code: *const [u8; 32],
    out: *mut [u8; 32 + KEYPAIR],
) -> u32 {
    put(out, keys::derive_hard(&*keypair, &*chain_code))
}

/// keypair, chain code, randomness -> keypair.
///
/// # Safety
/// See [`keypair_from_mini`].
#[no_mangle]
pub unsafe extern "C" fn derive_soft(
    keypair: *const [u8; KEYPAIR],
    chain_code: *const [u8; 32],
    randomness: *const [u8; 32],
    out: *mut [u8; KEYPAIR],
) -> u32 {
    put(out, keys::derive_soft(&*keypair, &*chain_code, &*randomness))
}

/// keypair, message, randomness -> signature (64).
///
/// # Safety
/// See [`keypair_from_mini`].
#[no_mangle]
pub unsafe extern "C" fn sign(
    keypair: *const [u8; KEYPAIR],
    message: *const u8,
    len: usize,
    randomness: *const [u8; 32],
    out: *mut [u8; 64],
) -> u32 {
    let message = core::slice::from_raw_parts(message, len);
    let signed = with_signatures(|kept| kept.sign(&*keypair, message, &*randomness));
    put(out, signed)
}

/// 1 when the signature holds.
///
/// # Safety
/// See [`keypair_from_mini`].
#[no_mangle]
pub unsafe extern "C" fn verify(
    public: *const [u8; 32],
    signature: *const [u8; 64],
    message: *const u8,
    len: usize,
) -> u32 {
    let claim = Claim {
        public: &*public,
        signature: &*signature,
        message: core::slice::from_raw_parts(message, len),
    };
    with_signatures(|kept| kept.verify(&claim)) as u32
}

/// Reads `count` entries of four words each and writes one byte per entry (1 valid, 0 not).
///
/// # Safety
/// See [`keypair_from_mini`]; `entries` holds pointers under the same rule.
#[no_mangle]
pub unsafe extern "C" fn verify_batch(
    entries: *const [usize; ENTRY_WORDS],
    count: usize,
    verdicts: *mut u8,
) {
    let entries = core::slice::from_raw_parts(entries, count);
    let claims: Vec<Claim> = entries.iter().map(|entry| claim_at(entry)).collect();
    let found = with_signatures(|kept| kept.verify_each(&claims));
    let verdicts = core::slice::from_raw_parts_mut(verdicts, count);
    for (slot, valid) in verdicts.iter_mut().zip(found) {
        *slot = valid as u8;
    }
}

unsafe fn claim_at<'a>(entry: &[usize; ENTRY_WORDS]) -> Claim<'a> {
    let [public, signature, message, len] = *entry;
    Claim {
        public: &*(public as *const [u8; 32]),
        signature: &*(signature as *const [u8; 64]),
        message: core::slice::from_raw_parts(message as *const u8, len),
    }
}

unsafe fn put<const N: usize>(out: *mut [u8; N], value: Option<[u8; N]>) -> u32 {
    match value {
        Some(bytes) => {
            out.write(bytes);
            1
        }
        None => 0,
    }
}
