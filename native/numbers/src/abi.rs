//! The exports. The host is the only caller and single-threaded: it takes one region by [`room`],
//! writes a text into it, and lets [`read_flat`] write doubles behind it.
use crate::flat;
use core::arch::wasm32;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    wasm32::unreachable()
}

const PAGE: usize = 65536;

extern "C" {
    static __heap_base: u8;
}

/// Where a region of `len` bytes begins, aligned to 8; the same one each time, its old content
/// with it. 0 when memory is exhausted.
#[no_mangle]
pub extern "C" fn room(len: usize) -> usize {
    let start = (core::ptr::addr_of!(__heap_base) as usize).next_multiple_of(8);
    let Some(end) = start.checked_add(len) else { return 0 };
    let missing = end.div_ceil(PAGE).saturating_sub(wasm32::memory_size(0));
    if missing > 0 && wasm32::memory_grow(0, missing) == usize::MAX {
        return 0;
    }
    start
}

/// What the last successful [`lift`] found: where the array begins, behind its bracket, where it
/// ends, behind its closing one, and how many numbers it has.
static mut FOUND: [usize; 3] = [0; 3];

/// Finds the next flat array of numbers under a key `"data"` in the `len` bytes at `text`, from
/// `from` on, and writes its numbers to the `max` doubles at `out`. 1 when there was one.
///
/// # Safety
/// Both regions must lie inside what [`room`] gave, `out` aligned to 8 and behind the text.
#[no_mangle]
pub unsafe extern "C" fn lift(text: *const u8, len: usize, from: usize, out: *mut f64, max: usize) -> u32 {
    let text = core::slice::from_raw_parts(text, len);
    let out = core::slice::from_raw_parts_mut(out, max);
    let mut at = from;
    while let Some(start) = flat::find(text, at) {
        if let Some(read) = flat::read(&text[start..], out) {
            FOUND = [start, start + read.end, read.count];
            return 1;
        }
        at = start;
    }
    0
}

/// Address of the three words that [`lift`] left.
#[no_mangle]
pub extern "C" fn found() -> *const usize {
    core::ptr::addr_of!(FOUND).cast()
}
