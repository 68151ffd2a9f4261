//! Bitmaps as Arrow has them: bit `i` is bit `i % 8` of byte `i / 8`.

/// A bitmap that grows at its end.
#[derive(Clone, Debug, Default)]
pub struct Bitmap {
    words: Vec<u64>,
    length: usize,
}

impl Bitmap {
    /// Its number of bits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has no bits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Makes it `length` bits, all of them `bit`. Keeps its memory.
    pub fn reset(&mut self, length: usize, bit: bool) {
        self.words.clear();
        self.words
            .resize(length.div_ceil(64), if bit { u64::MAX } else { 0 });
        self.length = length;
    }

    /// Bit `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> bool {
        self.words[index / 64] >> (index % 64) & 1 != 0
    }

    /// Sets bit `index`.
    #[inline]
    pub fn set(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
    }

    /// Clears bit `index`.
    #[inline]
    pub fn clear(&mut self, index: usize) {
        self.words[index / 64] &= !(1 << (index % 64));
    }

    /// How many of the first `length` bits are not set.
    #[must_use]
    pub fn zeros(&self, length: usize) -> usize {
        let whole = length / 64;
        let ones: u32 = self.words[..whole]
            .iter()
            .map(|word| word.count_ones())
            .sum();
        let rest = length % 64;
        let last = match rest {
            0 => 0,
            _ => (self.words[whole] & ((1 << rest) - 1)).count_ones(),
        };
        length - (ones + last) as usize
    }

    /// Appends the first `length` bits of `other`.
    ///
    /// # Panics
    ///
    /// Where it has fewer.
    pub fn extend(&mut self, other: &Self, length: usize) {
        assert!(length <= other.length, "no more than there are");
        let (shift, mut left) = (self.length % 64, length);
        for &word in &other.words {
            if left == 0 {
                break;
            }
            let taken = left.min(64);
            let bits = if taken == 64 {
                word
            } else {
                word & ((1 << taken) - 1)
            };
            self.push(shift, bits, taken);
            left -= taken;
        }
        self.length += length;
    }

    /// Appends `length` bits that are all `bit`.
    pub fn extend_with(&mut self, bit: bool, length: usize) {
        let shift = self.length % 64;
        let mut left = length;
        while left > 0 {
            let taken = left.min(64);
            let ones = if taken == 64 {
                u64::MAX
            } else {
                (1 << taken) - 1
            };
            self.push(shift, if bit { ones } else { 0 }, taken);
            left -= taken;
        }
        self.length += length;
    }

    /// Appends the low `count` bits of `bits`, of which no other is set, where the last word has
    /// `shift` bits already, and none above them.
    fn push(&mut self, shift: usize, bits: u64, count: usize) {
        if shift == 0 {
            self.words.push(bits);
            return;
        }
        if let Some(last) = self.words.last_mut() {
            *last |= bits << shift;
        }
        if shift + count > 64 {
            self.words.push(bits >> (64 - shift));
        }
    }

    /// Writes the bits into `bytes`, which has room for them; those after the last are zero.
    pub fn write(&self, bytes: &mut [u8]) {
        let used = self.length.div_ceil(8);
        for (to, from) in bytes[..used]
            .chunks_mut(8)
            .zip(self.words.iter().map(|word| word.to_le_bytes()))
        {
            to.copy_from_slice(&from[..to.len()]);
        }
        if !self.length.is_multiple_of(8)
            && let Some(last) = bytes[..used].last_mut()
        {
            *last &= (1 << (self.length % 8)) - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bitmap;

    #[test]
    fn pieces_of_every_length_join_to_what_a_list_of_bits_says() {
        let mut expected = Vec::new();
        let mut joined = Bitmap::default();
        for length in (0..200).chain([0, 1, 63, 64, 65, 128]) {
            let mut piece = Bitmap::default();
            piece.reset(length, true);
            for index in (0..length).filter(|index| index * 7 % 3 == 0) {
                piece.clear(index);
            }
            let taken = length - length / 5;
            joined.extend(&piece, taken);
            expected.extend((0..taken).map(|index| index * 7 % 3 != 0));
            joined.extend_with(length % 2 == 0, length % 70);
            expected.extend(std::iter::repeat_n(length % 2 == 0, length % 70));
        }
        assert_eq!(joined.len(), expected.len());
        assert!((0..expected.len()).all(|index| joined.get(index) == expected[index]));
        let zeros = expected.iter().filter(|bit| !**bit).count();
        assert_eq!(joined.zeros(joined.len()), zeros);
        let mut bytes = vec![0xff; expected.len().div_ceil(8)];
        joined.write(&mut bytes);
        for (index, byte) in bytes.iter().enumerate() {
            for bit in 0..8 {
                let set = expected.get(index * 8 + bit).copied().unwrap_or(false);
                assert_eq!(byte >> bit & 1 != 0, set);
            }
        }
    }
}
