//! What the bytes of a JSON text are, found 64 at a time.
//!
//! Each kernel turns 64 bytes into masks, a bit for each byte. What is inside strings follows from
//! the masks alone (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", section 3.1): a
//! quote counts unless an odd number of backslashes stands before it, and a byte is in a string if an
//! odd number of such quotes comes up to it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(test, not(target_arch = "aarch64")))]
mod portable;
#[cfg(test)]
mod tests;

/// Bytes of a block: a bit of a mask for each.
pub(super) const BLOCK: usize = 64;

/// Which bytes of a block are what, whatever stands around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) quote: u64,
    pub(super) backslash: u64,
    /// `{` and `[`.
    pub(super) open: u64,
    /// `}` and `]`.
    pub(super) close: u64,
    pub(super) comma: u64,
    pub(super) colon: u64,
    /// RFC 8259's whitespace.
    pub(super) space: u64,
    /// Below U+0020.
    pub(super) control: u64,
    /// Bytes of characters that are not ASCII.
    pub(super) high: u64,
}

impl Raw {
    /// Those of the first `length` bytes only.
    fn truncated(self, length: usize) -> Self {
        let valid = (1_u64 << length) - 1;
        Self {
            quote: self.quote & valid,
            backslash: self.backslash & valid,
            open: self.open & valid,
            close: self.close & valid,
            comma: self.comma & valid,
            colon: self.colon & valid,
            // So that nothing seems to begin behind the end.
            space: self.space | !valid,
            control: self.control & valid,
            high: self.high & valid,
        }
    }

    #[inline(always)]
    pub(super) fn operators(self) -> u64 {
        self.open | self.close | self.comma | self.colon
    }
}

/// What runs with the best kernel of this CPU, inlined into each.
pub(super) trait Task {
    type Output;

    /// `raw` says what the bytes of a block are.
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) -> Self::Output;
}

/// Runs `task` with the best kernel of this CPU.
#[inline]
pub(super) fn dispatch<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(cpu) = crate::ops::avx2::Avx2::detect() {
        return avx2::run(cpu, task);
    }
    #[cfg(target_arch = "aarch64")]
    return neon::run(task);
    #[cfg(not(target_arch = "aarch64"))]
    portable::run(task)
}

/// What the block of `bytes` that begins at `at` has; behind the end there is whitespace.
#[inline(always)]
pub(super) fn block_at(bytes: &[u8], at: usize, raw: impl Fn(&[u8; BLOCK]) -> Raw) -> Raw {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(block) = rest.first_chunk() {
        raw(block)
    } else {
        let mut block = [b' '; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        raw(&block).truncated(rest.len())
    }
}

/// What is known at the first byte of a block of what stands before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// All ones inside a string.
    inside: u64,
    /// 1 after a backslash that escapes.
    escaped: u64,
    /// 1 after a byte of a scalar.
    scalar: u64,
}

impl State {
    pub(super) fn new(inside: bool, escaped: bool) -> Self {
        Self {
            inside: if inside { u64::MAX } else { 0 },
            escaped: u64::from(escaped),
            // Only a scalar may begin with a byte of one, and who begins there knows.
            scalar: 0,
        }
    }

    pub(super) fn is_inside(self) -> bool {
        self.inside != 0
    }

    /// After the byte `before`, which is outside strings.
    pub(super) fn after(self, before: u8) -> Self {
        let is_scalar = !matches!(
            before,
            b'{' | b'}' | b'[' | b']' | b':' | b',' | b'"' | b' ' | b'\t' | b'\n' | b'\r'
        );
        Self {
            scalar: u64::from(is_scalar && !self.is_inside()),
            ..self
        }
    }
}

/// What a block has, once the state before it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// From the quote that opens a string on, up to the one that closes it, which is not in it.
    pub(super) within: u64,
    /// Operators and scalars' first bytes outside strings, and the quotes of strings.
    pub(super) tokens: u64,
    /// Brackets outside strings.
    pub(super) open: u64,
    pub(super) close: u64,
    /// Bytes after a backslash, in strings.
    pub(super) escaped: u64,
    /// Control characters in strings, where none may be.
    pub(super) control: u64,
}

/// Resolves strings and scalars of a block, and steps over it.
#[inline(always)]
pub(super) fn resolve(raw: Raw, state: &mut State) -> Block {
    let escaped = escapes(raw.backslash, &mut state.escaped);
    let quote = raw.quote & !escaped;
    let within = prefix_xor(quote) ^ state.inside;
    state.inside = 0_u64.wrapping_sub(within >> 63);
    let outside = !(within | quote);
    let scalar = !(raw.operators() | raw.space) & outside;
    let starts = scalar & !(scalar << 1 | state.scalar);
    state.scalar = scalar >> 63;
    Block {
        within,
        tokens: (raw.operators() & outside) | quote | starts,
        open: raw.open & outside,
        close: raw.close & outside,
        escaped: escaped & within,
        control: raw.control & within,
    }
}

/// The bytes that a backslash escapes. From simdjson: series of backslashes that begin at even and
/// at odd positions are told apart by a subtraction, whose borrow runs through a series.
#[inline(always)]
fn escapes(backslash: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    if backslash == 0 {
        return std::mem::take(carry);
    }
    let potential = backslash & !*carry;
    let codes = (potential << 1 | ODD).wrapping_sub(potential) ^ ODD;
    let escaped = codes ^ (backslash | *carry);
    *carry = (codes & backslash) >> 63;
    escaped
}

/// For each bit the exclusive or of all bits up to it.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

/// What a run of bytes does to the state of strings, whatever it is before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    /// Whether the quotes of a run after which nothing is escaped are odd in number.
    odd: bool,
    /// Whether a backslash before the run changes that.
    depends: bool,
    /// Whether a backslash escapes what comes after the run, by itself and after one that escapes.
    escapes: [bool; 2],
}

impl Transfer {
    /// Of `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let leading = bytes.iter().take_while(|byte| **byte == b'\\').count();
        let (odd, escapes) = dispatch(Quotes(bytes));
        Self {
            odd,
            depends: bytes.get(leading) == Some(&b'"'),
            escapes: if leading == bytes.len() {
                [leading % 2 == 1, leading.is_multiple_of(2)]
            } else {
                [escapes; 2]
            },
        }
    }

    pub(super) fn pack(self) -> u8 {
        let bits = [self.odd, self.depends, self.escapes[0], self.escapes[1]];
        bits.iter()
            .rev()
            .fold(0, |packed, bit| packed << 1 | u8::from(*bit))
    }

    pub(super) fn unpack(packed: u8) -> Self {
        let bit = |index: u32| packed >> index & 1 != 0;
        Self {
            odd: bit(0),
            depends: bit(1),
            escapes: [bit(2), bit(3)],
        }
    }

    /// The state after the run.
    pub(super) fn apply(self, (inside, escaped): (bool, bool)) -> (bool, bool) {
        (
            inside ^ self.odd ^ (self.depends && escaped),
            self.escapes[usize::from(escaped)],
        )
    }
}

/// Whether a run has an odd number of quotes that count, and ends with a backslash that does.
struct Quotes<'a>(&'a [u8]);

impl Task for Quotes<'_> {
    type Output = (bool, bool);

    #[inline(always)]
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) -> (bool, bool) {
        let mut carry = 0;
        let mut quotes = 0;
        let mut at = 0;
        while at < self.0.len() {
            let found = block_at(self.0, at, raw);
            let left = self.0.len() - at;
            let escaped = escapes(found.backslash, &mut carry);
            quotes ^= found.quote & !escaped;
            if left < BLOCK {
                // The byte behind the last one.
                carry = escaped >> left & 1;
            }
            at += BLOCK;
        }
        (quotes.count_ones() % 2 == 1, carry == 1)
    }
}

/// The positions of tokens, and room for more.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    positions: Vec<u32>,
    used: usize,
}

impl Tokens {
    pub(super) fn clear(&mut self) {
        self.used = 0;
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.used = self.used.min(length);
    }

    /// Appends `base` and the position of each bit.
    #[inline(always)]
    pub(super) fn push_bits(&mut self, base: u32, bits: u64) {
        let count = bits.count_ones() as usize;
        if self.positions.len() < self.used + BLOCK {
            self.positions.resize((self.used + BLOCK) * 2, 0);
        }
        let Some(room) = self.positions[self.used..].first_chunk_mut::<BLOCK>() else {
            unreachable!("just made")
        };
        let mut bits = bits;
        // Some more than there are, and no branch for each: the next block writes over them.
        for group in 0..BLOCK / 8 {
            for place in &mut room[group * 8..group * 8 + 8] {
                *place = base.wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
            if count <= (group + 1) * 8 {
                break;
            }
        }
        self.used += count;
    }
}

impl std::ops::Deref for Tokens {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.positions[..self.used]
    }
}
