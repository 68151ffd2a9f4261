//! What the decoder does without checking each access: copies within the output. All that is unsafe
//! in it is here.

#[cfg(target_arch = "x86_64")]
use super::symbols::decode;
use super::{bits::Bits, symbols::Pause, tables::Tables};

/// What is decoded into: bytes, or 16-bit symbols that are bytes or markers.
///
/// # Safety
///
/// `Chunk` is an array of `LANES` of them.
pub(super) unsafe trait Element: Copy + Eq + From<u8> + 'static {
    /// What is copied at once: 16 bytes.
    type Chunk: Copy;
    /// How many there are in a chunk.
    const LANES: usize;
    /// The chunk that holds nothing but this.
    fn splat(self) -> Self::Chunk;
}

// SAFETY: `[u8; 16]` is an array of 16.
unsafe impl Element for u8 {
    type Chunk = [u8; 16];
    const LANES: usize = 16;
    #[inline(always)]
    fn splat(self) -> [u8; 16] {
        [self; 16]
    }
}

// SAFETY: `[u16; 8]` is an array of 8.
unsafe impl Element for u16 {
    type Chunk = [u16; 8];
    const LANES: usize = 8;
    #[inline(always)]
    fn splat(self) -> [u16; 8] {
        [self; 8]
    }
}

/// The longest match (RFC 1951, 3.2.5).
pub(super) const LONGEST_MATCH: usize = 258;
/// How many elements [`copy_match`] may write past the end of the longest match.
pub(super) const OVERSHOOT: usize = 32;

/// Copies `length` elements, [`LONGEST_MATCH`] at most, from `distance` before `at` to `at`, as if one
/// by one. What is behind them, up to [`OVERSHOOT`] elements, is overwritten. False, and nothing is
/// copied, where `distance` is not from 1 to `at` or the output has no room for so much.
#[inline(always)]
pub(super) fn copy_match<E: Element>(
    output: &mut [E],
    at: usize,
    distance: usize,
    length: usize,
) -> bool {
    const { assert!(OVERSHOOT >= 2 * E::LANES) };
    let room = output.len().saturating_sub(at);
    if distance.wrapping_sub(1) >= at || room < LONGEST_MATCH + OVERSHOOT || length > LONGEST_MATCH
    {
        return false;
    }
    let end = at + length;
    let (mut from, mut to) = (at - distance, at);
    if distance >= E::LANES {
        // SAFETY: both chunks end at or before `at + OVERSHOOT`, which is checked.
        unsafe { copy_chunk(output, from, to) };
        // SAFETY: as above.
        unsafe { copy_chunk(output, from + E::LANES, to + E::LANES) };
        if length > 2 * E::LANES {
            from += 2 * E::LANES;
            to += 2 * E::LANES;
            while to < end {
                // SAFETY: `from` is before `to`, and that before `end`.
                unsafe { copy_chunk(output, from, to) };
                from += E::LANES;
                to += E::LANES;
            }
        }
    } else if distance == 1 {
        let chunk = output[from].splat();
        while to < end {
            // SAFETY: `to` is before `end`.
            unsafe { store_chunk(output, to, chunk) };
            to += E::LANES;
        }
    } else {
        // Each chunk is right up to `distance` elements, and what is wrong is overwritten next.
        while to < end {
            // SAFETY: `from` is before `to`, and that before `end`.
            unsafe { copy_chunk(output, from, to) };
            from += distance;
            to += distance;
        }
    }
    true
}

/// Copies a chunk.
///
/// # Safety
///
/// `from + LANES` and `to + LANES` are at most the output's length.
#[inline(always)]
unsafe fn copy_chunk<E: Element>(output: &mut [E], from: usize, to: usize) {
    let source = output.as_ptr().wrapping_add(from).cast::<E::Chunk>();
    // SAFETY: the caller has checked that the chunk is within the slice.
    let chunk = unsafe { source.read_unaligned() };
    // SAFETY: as above.
    unsafe { store_chunk(output, to, chunk) }
}

/// Writes a chunk.
///
/// # Safety
///
/// `to + LANES` is at most the output's length.
#[inline(always)]
unsafe fn store_chunk<E: Element>(output: &mut [E], to: usize, chunk: E::Chunk) {
    let to = output.as_mut_ptr().wrapping_add(to).cast::<E::Chunk>();
    // SAFETY: the caller has checked that the chunk is within the slice.
    unsafe { to.write_unaligned(chunk) }
}

/// [`decode`], with shifts and masks of BMI2 where the CPU has them.
#[inline]
pub(super) fn decode_fast<E: Element>(
    bits: &mut Bits<'_>,
    tables: &Tables,
    output: &mut [E],
    at: &mut usize,
    stop: usize,
) -> Option<Pause> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2") {
        // SAFETY: the CPU has both extensions.
        return unsafe { decode_bmi2(bits, tables, output, at, stop) };
    }
    super::symbols::decode(bits, tables, output, at, stop)
}

/// [`decode`], compiled for BMI2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2")]
fn decode_bmi2<E: Element>(
    bits: &mut Bits<'_>,
    tables: &Tables,
    output: &mut [E],
    at: &mut usize,
    stop: usize,
) -> Option<Pause> {
    decode(bits, tables, output, at, stop)
}

/// A vector that has nothing but room. `None` where there is no memory.
pub(super) fn room<T>(length: usize) -> Option<Vec<T>> {
    let mut room = Vec::new();
    room.try_reserve_exact(length).ok()?;
    Some(room)
}

/// Zeros. `None` where there is no memory.
///
/// Large memory comes from the system, and is there only as it is written, on whatever thread. Huge
/// pages below it save a third of the processor time where the machine has them at hand; but a
/// virtual machine gives exactly its large free blocks back to its host, and then each of them costs
/// milliseconds (three times the time of inflating 50 MB, measured).
pub(super) fn zeros(length: usize) -> Option<Vec<u8>> {
    bytemuck::allocation::try_zeroed_vec(length).ok()
}
