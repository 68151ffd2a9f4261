//! The tables that decode a block's symbols (RFC 1951, 3.2).
//!
//! Both alphabets have a primary table, which the next bits of the input index, and subtables for
//! the codes longer than that. How they are filled follows Eric Biggers' libdeflate
//! (`lib/deflate_decompress.c`); that an entry holds as many literals as its bits decode follows
//! Intel's ISA-L (`igzip`). That it may also hold a literal and the length that follows it spares the
//! branch between the two, which no CPU predicts.
//!
//! An entry for literals and lengths, from its lowest bit:
//!
//! | bits | literals alone | a length | exceptional |
//! | --- | --- | --- | --- |
//! | 0-5 | bits of the codes | bits of the codes and extra bits | as a length |
//! | 6-7 | how many, 1 or 2 | how many before it, 0 or 1 | 0 |
//! | 8-11 | bits of the codes | bits of the codes | bits of the codes, or that index the subtable |
//! | 12-14 | `LITERALS` | 0 | `EXCEPTIONAL` and what it is |
//! | 15-23 | | the length without the extra bits | |
//! | 16-23 | the first one | | |
//! | 24-31 | the second one | the literal before it | |
//! | 16-31 | | | where the subtable begins |
//!
//! An entry for distances has the distance without the extra bits in its upper half. A code that
//! stands for nothing has the distance 0.

/// Bits that index the primary table of literals and lengths. Measured at 10 to 12, in time of one
/// thread: CSV 48.6, 47.5 and 54.5 ms for 50 MB, JavaScript 34, 31 and 31, base64 124, 125 and 82.
const LITERAL_BITS: u32 = 11;
/// As above, where most codes are literals of 6 bits, as in base64: two of them fit.
const MORE_LITERAL_BITS: u32 = 12;
/// Bits that index the primary table of distances.
pub(super) const DISTANCE_BITS: u32 = 8;
/// The longest code (RFC 1951, 3.2.7: the lengths 0 to 15).
const LONGEST: usize = 15;

/// Entries in the table of literals: 2,342 are the most that 288 codes of 15 bits at most need with
/// 11 bits in the primary table, and less than 8,192 with 12 (zlib's `enough.c`); a power of two
/// indexes without a check.
pub(super) const LITERAL_ENTRIES: usize = 8192;
/// Entries in the table of distances: 402 are the most that 32 codes need.
pub(super) const DISTANCE_ENTRIES: usize = 512;

/// Literals without a length.
pub(super) const LITERALS: u32 = 1 << 12;
/// Neither literals nor a length.
pub(super) const EXCEPTIONAL: u32 = 1 << 13;
/// Exceptional: the codes that begin with these bits are in a subtable.
pub(super) const SUBTABLE: u32 = 1 << 14;
/// Exceptional: the code stands for nothing. An exceptional entry that is neither is the block's end.
pub(super) const INVALID: u32 = 1 << 15;

/// The code of a block's end.
pub(super) const END_SYMBOL: usize = 256;

/// What the entries of literals and lengths have beside their bits.
const LITERAL_SYMBOLS: [u32; 288] = literal_symbols();
/// What the entries of distances have beside their bits.
const DISTANCE_SYMBOLS: [u32; 32] = distance_symbols();

/// The tables of one block.
pub(super) struct Tables {
    /// Literals and lengths.
    pub(super) literals: [u32; LITERAL_ENTRIES],
    /// Bits that index the primary table of literals.
    pub(super) literal_bits: u32,
    /// Distances.
    pub(super) distances: [u32; DISTANCE_ENTRIES],
}

impl Tables {
    /// Tables of nothing.
    #[expect(
        clippy::large_stack_arrays,
        reason = "34 KiB, once for each thread of a job"
    )]
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            literals: [EXCEPTIONAL | INVALID; LITERAL_ENTRIES],
            literal_bits: LITERAL_BITS,
            distances: [0; DISTANCE_ENTRIES],
        })
    }

    /// The entry of the next distance, in the primary table.
    #[inline(always)]
    pub(super) fn distance(&self, buffer: u64) -> u32 {
        self.distances[(buffer & ((1 << DISTANCE_BITS) - 1)) as usize]
    }

    /// Fills the tables for codes of these lengths. `None` where they are no code.
    pub(super) fn fill(&mut self, literals: &[u8], distances: &[u8]) -> Option<()> {
        let six = literals
            .iter()
            .take(END_SYMBOL)
            .filter(|length| **length == 6);
        // Of the 64 codes that there can be of this length.
        let most = six.count() > 32;
        self.literal_bits = if most {
            MORE_LITERAL_BITS
        } else {
            LITERAL_BITS
        };
        Code::new(literals)?.fill(
            &LITERAL_SYMBOLS,
            EXCEPTIONAL | INVALID,
            self.literal_bits,
            &mut self.literals,
        )?;
        Code::new(distances)?.fill(&DISTANCE_SYMBOLS, 0, DISTANCE_BITS, &mut self.distances)?;
        join(&mut self.literals, self.literal_bits);
        Some(())
    }
}

/// The symbols of an alphabet, sorted by their codes.
struct Code {
    /// How many codes have this many bits.
    counts: [u16; LONGEST + 1],
    /// The symbols that have a code, in the order of the codes.
    sorted: [u16; 288],
    /// The bits of the longest code.
    longest: usize,
}

impl Code {
    /// Sorts the symbols by the lengths of their codes. `None` where these are not the lengths of a
    /// complete code, nor a single code of one bit or none at all, which zlib accepts as well.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0u16; LONGEST + 1];
        for length in lengths {
            counts[usize::from(length & 15)] += 1;
        }
        let mut starts = [0u16; LONGEST + 2];
        let mut space = 0u32;
        let mut longest = 0;
        for length in 1..=LONGEST {
            starts[length + 1] = starts[length] + counts[length];
            space = (space << 1) + u32::from(counts[length]);
            if counts[length] != 0 {
                longest = length;
            }
        }
        let complete = space == 1 << LONGEST;
        if !complete && longest > 1 || space > 1 << LONGEST {
            return None;
        }
        let mut sorted = [0u16; 288];
        for (symbol, length) in (0u16..).zip(lengths) {
            let length = usize::from(length & 15);
            if length != 0 {
                *sorted.get_mut(usize::from(starts[length]))? = symbol;
                starts[length] += 1;
            }
        }
        Some(Self {
            counts,
            sorted,
            longest,
        })
    }

    /// Fills a table that `bits` index, with `symbols`' entries. Codes that are not there get
    /// `invalid`.
    fn fill(&self, symbols: &[u32], invalid: u32, bits: u32, table: &mut [u32]) -> Option<()> {
        let primary = 1usize << bits;
        let complete = self.longest > 1 || self.counts[1] == 2;
        if !complete {
            table[..primary].fill(invalid);
            if self.longest == 1 {
                let entry = entry(symbols, self.sorted[0], 1)?;
                table[..primary]
                    .iter_mut()
                    .step_by(2)
                    .for_each(|at| *at = entry);
            }
            return Some(());
        }
        let mut sorted = self.sorted.iter();
        let mut code = 0usize;
        let mut filled = 1usize;
        for length in 1..=self.longest.min(bits as usize) {
            // The entries of the shorter codes, once for each value of the next bit.
            table.copy_within(..filled, filled);
            filled <<= 1;
            for _ in 0..self.counts[length] {
                table[code] = entry(symbols, *sorted.next()?, length)?;
                code = following(code, filled);
            }
        }
        while filled < primary {
            table.copy_within(..filled, filled);
            filled <<= 1;
        }
        self.fill_subtables(symbols, bits, table, sorted.as_slice(), code)
    }

    /// Fills the subtables: the codes longer than `bits`, of which `code` is the first, and the
    /// first of `sorted` its symbol.
    fn fill_subtables(
        &self,
        symbols: &[u32],
        bits: u32,
        table: &mut [u32],
        sorted: &[u16],
        mut code: usize,
    ) -> Option<()> {
        let mut sorted = sorted.iter();
        let primary = 1usize << bits;
        let mut start = primary;
        let mut end = primary;
        let mut prefix = usize::MAX;
        for length in bits as usize + 1..=self.longest {
            let rest = length - bits as usize;
            for done in 0..self.counts[length] {
                if code & (primary - 1) != prefix {
                    prefix = code & (primary - 1);
                    start = end;
                    // The subtable is as large as the codes with this prefix need.
                    let mut subtable = rest;
                    let mut space = usize::from(self.counts[length] - done);
                    while space < 1 << subtable {
                        subtable += 1;
                        let more = *self.counts.get(bits as usize + subtable)?;
                        space = (space << 1) + usize::from(more);
                    }
                    end = start + (1 << subtable);
                    let at = u32::try_from(start).ok()?;
                    let index = u32::try_from(subtable).ok()?;
                    table[prefix] = at << 16 | EXCEPTIONAL | SUBTABLE | index << 8 | bits;
                }
                let entry = entry(symbols, *sorted.next()?, rest)?;
                let slots = table.get_mut(start..end)?.iter_mut();
                slots
                    .skip(code >> bits)
                    .step_by(1 << rest)
                    .for_each(|at| *at = entry);
                code = following(code, 1 << length);
            }
        }
        Some(())
    }
}

/// The entry of a symbol whose code has, or of whose code are left, `length` bits.
#[inline]
fn entry(symbols: &[u32], symbol: u16, length: usize) -> Option<u32> {
    let entry = *symbols.get(usize::from(symbol))?;
    let length = u32::try_from(length).ok()?;
    Some(entry + (length << 8 | length))
}

/// The code after `code`, both with their first bit lowest, among codes of which there are `space`.
/// After the last one comes 0.
#[inline]
fn following(code: usize, space: usize) -> usize {
    let zeros = !code & (space - 1);
    if zeros == 0 {
        return 0;
    }
    let bit = 1 << zeros.ilog2();
    code & (bit - 1) | bit
}

/// Puts the literal or length that follows a literal into the same entry, where the `primary` bits
/// that index the table decode both.
///
/// From the last entry to the first: what is left of an index without its lowest bits is a smaller
/// index, whose entry still holds one symbol.
fn join(table: &mut [u32; LITERAL_ENTRIES], primary: u32) {
    for index in (0..1usize << primary.min(MORE_LITERAL_BITS)).rev() {
        let first = table[index];
        let bits = first >> 8 & 15;
        let second = table[index >> bits];
        // The bits and the counts add up.
        let sums = (first & 0xfff) + (second & 0xfff);
        let pair = (first & 0xff_0000) | (second & 0xff_0000) << 8;
        let length = (first & 0xff_0000) << 8 | (second & 0xff_8000);
        let what = if second & LITERALS == 0 { length } else { pair };
        let fits = bits + (second >> 8 & 15) <= primary;
        let joined = sums | (second & LITERALS) | what;
        let joins = first & LITERALS != 0 && second & EXCEPTIONAL == 0 && fits;
        table[index] = if joins { joined } else { first };
    }
}

/// RFC 1951, 3.2.5: the literals, the end, and the lengths with their extra bits.
const fn literal_symbols() -> [u32; 288] {
    let mut symbols = [EXCEPTIONAL | INVALID; 288];
    let mut symbol = 0;
    while symbol < 256 {
        symbols[symbol as usize] = symbol << 16 | LITERALS | 1 << 6;
        symbol += 1;
    }
    symbols[END_SYMBOL] = EXCEPTIONAL;
    let mut length = 3;
    let mut index = 0;
    while index < 28 {
        let extra = if index < 8 { 0 } else { index / 4 - 1 };
        symbols[257 + index as usize] = length << 15 | extra;
        length += 1 << extra;
        index += 1;
    }
    symbols[285] = 258 << 15;
    symbols
}

/// RFC 1951, 3.2.5: the distances with their extra bits.
const fn distance_symbols() -> [u32; 32] {
    let mut symbols = [0; 32];
    let mut distance = 1;
    let mut index = 0;
    while index < 30 {
        let extra = if index < 4 { 0 } else { index / 2 - 1 };
        symbols[index as usize] = distance << 16 | extra;
        distance += 1 << extra;
        index += 1;
    }
    symbols
}
