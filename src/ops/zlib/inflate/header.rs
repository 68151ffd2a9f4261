//! The headers of blocks (RFC 1951, 3.2.3 to 3.2.7).

use super::bits::Bits;
use super::tables::{END_SYMBOL, Tables};

/// The order in which the lengths of the code of lengths are given (RFC 1951, 3.2.7).
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// The bits of the longest code of a length.
const LENGTH_BITS: u32 = 7;
/// Of the 32 codes of literals and lengths that a header can have, 286 are defined.
const MOST_LITERALS: usize = 286;
/// Of the 32 codes of distances, 30 are defined.
const MOST_DISTANCES: usize = 30;

/// What a block holds.
pub(super) enum Block {
    /// As many bytes as they are, from the next byte of the input on.
    Stored(usize),
    /// Symbols of the codes in the tables.
    Coded,
}

/// Reads a block's header; `tables` become those of the block. The flag says whether it is the last
/// block. `None` where it is no header.
pub(super) fn read(bits: &mut Bits<'_>, tables: &mut Tables) -> Option<(Block, bool)> {
    bits.refill();
    let last = bits.take(1) == 1;
    let block = match bits.take(2) {
        0 => {
            bits.consume(bits.count & 7);
            bits.refill();
            let length = bits.take(16);
            if bits.take(16) != !length {
                return None;
            }
            Block::Stored(usize::from(length))
        }
        1 => {
            let mut lengths = [8u8; 288];
            lengths[144..256].fill(9);
            lengths[256..280].fill(7);
            tables.fill(&lengths, &[5; 32])?;
            Block::Coded
        }
        2 => {
            let lengths = Lengths::read(bits)?;
            tables.fill(lengths.literals(), lengths.distances())?;
            Block::Coded
        }
        _ => return None,
    };
    Some((block, last))
}

/// The lengths of both codes of a dynamic block.
pub(super) struct Lengths {
    /// First those of the literals, then those of the distances. Not all of them are used.
    all: [u8; 320],
    /// How many are the literals'.
    literals: usize,
    /// How many are the distances'.
    distances: usize,
}

impl Lengths {
    /// Reads the lengths, from behind the block's first three bits. `None` where they are none.
    pub(super) fn read(bits: &mut Bits<'_>) -> Option<Self> {
        bits.refill();
        let literals = usize::from(bits.take(5)) + 257;
        let distances = usize::from(bits.take(5)) + 1;
        let given = usize::from(bits.take(4)) + 4;
        if literals > MOST_LITERALS || distances > MOST_DISTANCES {
            return None;
        }
        let mut lengths = [0u8; 19];
        for index in &ORDER[..given] {
            if bits.count < 3 {
                bits.refill();
            }
            lengths[*index] = bits.take(3).to_le_bytes()[0];
        }
        let table = length_table(&lengths)?;
        let mut read = Self {
            all: [0; 320],
            literals,
            distances,
        };
        read.decode(bits, &table)?;
        // Without an end the block would not end.
        if read.all[END_SYMBOL] == 0 || bits.overrun() {
            return None;
        }
        Some(read)
    }

    /// Decodes the lengths, with the table of their code.
    fn decode(&mut self, bits: &mut Bits<'_>, table: &[u8; 1 << LENGTH_BITS]) -> Option<()> {
        let count = self.literals + self.distances;
        let mut at = 0;
        while at < count {
            // The longest: 7 bits of code, 7 extra bits.
            if bits.count < 14 {
                bits.refill();
            }
            let entry = table[usize::from(bits.peek(LENGTH_BITS))];
            bits.consume(u32::from(entry & 7));
            let symbol = entry >> 3;
            let (length, times) = match symbol {
                0..16 => {
                    *self.all.get_mut(at)? = symbol;
                    at += 1;
                    continue;
                }
                16 => (*self.all.get(at.checked_sub(1)?)?, 3 + bits.take(2)),
                17 => (0, 3 + bits.take(3)),
                _ => (0, 11 + bits.take(7)),
            };
            let end = at + usize::from(times);
            if end > count {
                return None;
            }
            self.all.get_mut(at..end)?.fill(length);
            at = end;
        }
        Some(())
    }

    /// The lengths of the codes of literals and lengths.
    pub(super) fn literals(&self) -> &[u8] {
        &self.all[..self.literals]
    }

    /// The lengths of the codes of distances.
    pub(super) fn distances(&self) -> &[u8] {
        &self.all[self.literals..self.literals + self.distances]
    }

    /// Whether both codes are complete, or the one of distances has one code or none: what every
    /// compressor writes. RFC 1951 would allow less.
    pub(super) fn complete(&self) -> bool {
        let space = |lengths: &[u8]| -> u32 {
            let space = |length: &u8| (1 << (15 - u32::from(*length))) & 0x7fff;
            lengths.iter().map(space).sum()
        };
        let distances = space(self.distances());
        space(self.literals()) == 1 << 15 && matches!(distances, 0 | 0x4000 | 0x8000)
    }
}

/// The table of the code of lengths: the symbol from bit 3 on, the bits of its code below. `None`
/// where the code is not complete.
fn length_table(lengths: &[u8; 19]) -> Option<[u8; 1 << LENGTH_BITS]> {
    let space: u32 = lengths
        .iter()
        .filter(|length| **length != 0)
        .map(|length| 1 << (LENGTH_BITS - u32::from(*length)))
        .sum();
    if space != 1 << LENGTH_BITS {
        return None;
    }
    let mut table = [0u8; 1 << LENGTH_BITS];
    // The codes are given in order; read from their other end they are where the table is indexed.
    let mut code = 0u8;
    for bits in 1..=7u8 {
        for (symbol, length) in (0u8..).zip(lengths) {
            if *length == bits {
                let first = usize::from(code.reverse_bits() >> 1);
                let slots = table.iter_mut().skip(first).step_by(1 << bits);
                slots.for_each(|slot| *slot = symbol << 3 | bits);
                code = code.wrapping_add(1 << (7 - bits));
            }
        }
    }
    Some(table)
}
