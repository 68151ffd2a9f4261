use super::{
    BLOCK, Quotes, Raw, State, Task, Tokens, Transfer, block_at, dispatch, portable, resolve,
};

/// Every byte of the text by itself.
fn raw_of(bytes: &[u8; BLOCK]) -> Raw {
    let is = |set: &dyn Fn(u8) -> bool| {
        let bits = bytes.iter().enumerate();
        bits.fold(0, |mask, (index, byte)| {
            mask | u64::from(set(*byte)) << index
        })
    };
    Raw {
        quote: is(&|byte| byte == b'"'),
        backslash: is(&|byte| byte == b'\\'),
        open: is(&|byte| matches!(byte, b'{' | b'[')),
        close: is(&|byte| matches!(byte, b'}' | b']')),
        comma: is(&|byte| byte == b','),
        colon: is(&|byte| byte == b':'),
        space: is(&|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')),
        control: is(&|byte| byte < 0x20),
        high: is(&|byte| byte >= 0x80),
    }
}

struct Masks<'a>(&'a [u8; BLOCK]);

impl Task for Masks<'_> {
    type Output = Raw;

    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) -> Raw {
        raw(self.0)
    }
}

#[test]
fn kernels_say_what_each_byte_is_wherever_it_stands() {
    for byte in 0..=255_u8 {
        for position in 0..BLOCK {
            let mut block = [byte.wrapping_add(1); BLOCK];
            block[position] = byte;
            let expected = raw_of(&block);
            assert_eq!(dispatch(Masks(&block)), expected, "{byte} {position}");
            assert_eq!(portable::run(Masks(&block)), expected, "{byte} {position}");
        }
    }
}

/// A text's tokens, and which bytes are in strings, found a byte at a time.
fn naive(bytes: &[u8], mut inside: bool, mut escaped: bool) -> (Vec<u32>, Vec<bool>, (bool, bool)) {
    let mut tokens = Vec::new();
    let mut within = Vec::new();
    let mut in_scalar = false;
    for (at, &byte) in (0..).zip(bytes) {
        let is_escaped = escaped;
        escaped = byte == b'\\' && !is_escaped;
        let quote = byte == b'"' && !is_escaped;
        let was_scalar = std::mem::take(&mut in_scalar);
        if quote {
            inside = !inside;
            tokens.push(at);
        } else if !inside {
            match byte {
                b'{' | b'}' | b'[' | b']' | b':' | b',' => tokens.push(at),
                b' ' | b'\t' | b'\n' | b'\r' => {}
                _ => {
                    in_scalar = true;
                    if !was_scalar {
                        tokens.push(at);
                    }
                }
            }
        }
        within.push(inside);
    }
    (tokens, within, (inside, escaped))
}

/// Bytes of an alphabet in which everything happens, from a small generator.
fn text(seed: u64, length: usize) -> Vec<u8> {
    const ALPHABET: &[u8] = b"\"\"\\\\\\{}[]:, \n1ax\xc3";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    let kinds = 1 + next(ALPHABET.len());
    (0..length).map(|_| ALPHABET[next(kinds)]).collect()
}

#[test]
fn strings_and_tokens_are_those_of_a_walk_byte_by_byte() {
    for seed in 0..2000 {
        let bytes = text(seed, usize::try_from(seed % 300).unwrap());
        for (inside, escaped) in [(false, false), (true, false), (true, true), (false, true)] {
            let (tokens, within, end) = naive(&bytes, inside, escaped);
            let mut state = State::new(inside, escaped);
            let mut found = Tokens::default();
            for at in (0..bytes.len()).step_by(BLOCK) {
                let block = resolve(block_at(&bytes, at, raw_of), &mut state);
                found.push_bits(u32::try_from(at).unwrap(), block.tokens);
                for (bit, is_within) in within[at..].iter().take(BLOCK).enumerate() {
                    assert_eq!(
                        block.within >> bit & 1 != 0,
                        *is_within,
                        "{seed} {at} {bit}"
                    );
                }
            }
            assert_eq!(*found, tokens, "{}", bytes.escape_ascii());
            let after = Transfer::of(&bytes).apply((inside, escaped));
            assert_eq!(after, end, "{}", bytes.escape_ascii());
        }
        let (_, _, (odd, escaped)) = naive(&bytes, false, false);
        assert_eq!(dispatch(Quotes(&bytes)), (odd, escaped));
        assert_eq!(portable::run(Quotes(&bytes)), (odd, escaped));
    }
}
