//! DEFLATE's alphabets (RFC 1951, section 3.2.5): which symbol a length or a distance has, and
//! how many extra bits follow it.

/// Symbols of the literal and length alphabet that a block may use: 256 literals, the end of the
/// block, 29 lengths.
pub(super) const LITLEN_SYMBOLS: usize = 286;
/// Symbols of the fixed code of the literal and length alphabet, two of which are never used.
pub(super) const LITLEN_FIXED: usize = 288;
/// Symbols of the distance alphabet that a block may use.
pub(super) const DISTANCE_SYMBOLS: usize = 30;
/// The symbol that ends a block.
pub(super) const END_OF_BLOCK: usize = 256;
/// The shortest match that has a symbol.
pub(super) const MIN_MATCH: u32 = 3;
/// The longest match that has a symbol.
pub(super) const MAX_MATCH: u32 = 258;

/// The first length of each length symbol, from symbol 257 on.
pub(super) const LENGTH_BASE: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
/// The extra bits of each length symbol, from symbol 257 on.
pub(super) const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];

/// The length symbol less 257 of each length less 3.
pub(super) const LENGTH_SLOT: [u8; 256] = length_slots();

/// Computes [`LENGTH_SLOT`].
const fn length_slots() -> [u8; 256] {
    let mut slots = [0; 256];
    let mut slot = 0_u8;
    let mut length = 0;
    while length < 256 {
        while slot < 28 && length + 3 >= LENGTH_BASE[slot as usize + 1] as usize {
            slot += 1;
        }
        slots[length] = slot;
        length += 1;
    }
    slots
}

/// The distance symbol of a distance of 1 or more.
///
/// The symbols come in pairs for each power of two: the exponent gives the pair and the bit below
/// the highest one its half.
#[inline(always)]
pub(super) const fn distance_slot(distance: u32) -> u32 {
    let from_zero = distance - 1;
    if from_zero < 2 {
        return from_zero;
    }
    let exponent = from_zero.ilog2();
    2 * exponent + ((from_zero >> (exponent - 1)) & 1)
}

/// How many extra bits follow a distance symbol.
#[inline(always)]
pub(super) const fn distance_extra(slot: u32) -> u32 {
    if slot < 2 { 0 } else { (slot >> 1) - 1 }
}

/// The first distance of a distance symbol.
pub(super) const fn distance_base(slot: u32) -> u32 {
    if slot < 2 {
        slot + 1
    } else {
        ((2 + (slot & 1)) << ((slot >> 1) - 1)) + 1
    }
}
