//! Blowfish with the key schedule of bcrypt, of one state or of several in lockstep.
//!
//! A round waits for its four look-ups, which one state has nothing to fill with; the rounds of
//! others do.

use zeroize::{Zeroize, Zeroizing};

use super::pi;

/// Subkeys, and words of a key.
pub(super) const KEY_WORDS: usize = 18;

/// In a place of its own, which is wiped.
pub(super) type Key = Box<Zeroizing<[u32; KEY_WORDS]>>;

#[derive(Clone)]
#[repr(C)]
pub(super) struct Blowfish {
    s: [[u32; 256]; 4],
    p: [u32; KEY_WORDS],
}

impl Zeroize for Blowfish {
    fn zeroize(&mut self) {
        self.s.zeroize();
        self.p.zeroize();
    }
}

/// One round's function of the paper. Bytes by shifts: of `to_be_bytes` the compiler makes a swap of
/// them, which every round would wait for.
macro_rules! mix {
    ($state:expr, $x:expr) => {{
        let s = &$state.s;
        let byte = |shift: u32| ($x >> shift & 0xff) as usize;
        (s[0][byte(24)].wrapping_add(s[1][byte(16)]) ^ s[2][byte(8)]).wrapping_add(s[3][byte(0)])
    }};
}

impl Blowfish {
    pub(super) fn new() -> Self {
        Self { s: pi::S, p: pi::P }
    }

    pub(super) fn encrypt(&self, text: u64) -> u64 {
        let [left, right] = halves(text);
        let mut halves = [[left], [right]];
        encrypt(std::array::from_ref(self), &mut halves);
        u64::from(halves[0][0]) << 32 | u64::from(halves[1][0])
    }

    /// `ExpandKey` with a salt, which is added to what is encrypted, two words at a time.
    pub(super) fn expand_salted(&mut self, key: &Key, salt: &Key) {
        for (p, key) in self.p.iter_mut().zip(key.iter()) {
            *p ^= key;
        }
        // The salt has four words.
        let mut salts = [0, 2].into_iter().cycle();
        let mut text = 0;
        let mut next = |state: &Self| {
            let at = salts.next().unwrap_or_default();
            text ^= u64::from(salt[at]) << 32 | u64::from(salt[at + 1]);
            text = state.encrypt(text);
            halves(text)
        };
        for at in 0..KEY_WORDS / 2 {
            [self.p[2 * at], self.p[2 * at + 1]] = next(self);
        }
        for table in 0..4 {
            for at in 0..128 {
                [self.s[table][2 * at], self.s[table][2 * at + 1]] = next(self);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
fn halves(text: u64) -> [u32; 2] {
    [(text >> 32) as u32, text as u32]
}

/// `ExpandKey` of each state under its key.
#[inline]
pub(super) fn expand<const LANES: usize>(
    states: &mut [Blowfish; LANES],
    keys: [&[u32; KEY_WORDS]; LANES],
) {
    for (state, key) in states.iter_mut().zip(keys) {
        for (p, key) in state.p.iter_mut().zip(key) {
            *p ^= key;
        }
    }
    let mut halves = [[0; LANES]; 2];
    for at in 0..KEY_WORDS / 2 {
        encrypt(states, &mut halves);
        for lane in 0..LANES {
            states[lane].p[2 * at] = halves[0][lane];
            states[lane].p[2 * at + 1] = halves[1][lane];
        }
    }
    for table in 0..4 {
        for at in 0..128 {
            encrypt(states, &mut halves);
            for lane in 0..LANES {
                states[lane].s[table][2 * at] = halves[0][lane];
                states[lane].s[table][2 * at + 1] = halves[1][lane];
            }
        }
    }
}

/// `value`, of which the compiler knows nothing more. It would put the sums of a round in another
/// order, in which the next round waits for one more of them: a tenth of the time.
#[inline(always)]
fn fixed(value: u32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    let value = {
        let mut value = value;
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!(
                "/* {0:e} */",
                inout(reg) value,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        value
    };
    value
}

/// Encrypts the two halves of each lane's text.
#[inline(always)]
fn encrypt<const LANES: usize>(states: &[Blowfish; LANES], [left, right]: &mut [[u32; LANES]; 2]) {
    // A subkey is added to a half before the other half's function is: it is there already, and the
    // function is what the next round waits for.
    macro_rules! rounds {
        ($($round:literal)*) => {$(
            for lane in 0..LANES {
                let subkey = states[lane].p[$round + 1];
                right[lane] = fixed(right[lane] ^ subkey) ^ mix!(states[lane], left[lane]);
            }
            for lane in 0..LANES {
                let subkey = states[lane].p[$round + 2];
                left[lane] = fixed(left[lane] ^ subkey) ^ mix!(states[lane], right[lane]);
            }
        )*};
    }
    for lane in 0..LANES {
        left[lane] ^= states[lane].p[0];
    }
    rounds!(0 2 4 6 8 10 12 14);
    for lane in 0..LANES {
        right[lane] ^= states[lane].p[17];
    }
    std::mem::swap(left, right);
}
