//! BLAKE2b, and the hash of any length that Argon2 makes of it.

use blake2::Blake2bVarCore;
use blake2::digest::array::Array;
use blake2::digest::block_api::{UpdateCore, VariableOutputCore};
use blake2::digest::block_buffer::LazyBuffer;
use blake2::digest::typenum::U128;
use zeroize::{Zeroize, Zeroizing};

/// The longest output of one BLAKE2b.
pub(super) const BYTES: usize = 64;

/// BLAKE2b with an output of any length up to [`BYTES`]. Wiped with the value.
pub(super) struct Hash {
    core: Blake2bVarCore,
    buffer: LazyBuffer<U128>,
}

impl Hash {
    pub(super) fn new(length: usize) -> Self {
        let core = Blake2bVarCore::new(length);
        Self {
            core: core.unwrap_or_else(|_| unreachable!("at most {BYTES} bytes")),
            buffer: LazyBuffer::default(),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        let Self { core, buffer } = self;
        buffer.digest_blocks(bytes, |blocks| core.update_blocks(blocks));
    }

    /// `out` has the length that was given to [`new`](Self::new).
    pub(super) fn finish(mut self, out: &mut [u8]) {
        let mut whole = Array::default();
        self.core
            .finalize_variable_core(&mut self.buffer, &mut whole);
        out.copy_from_slice(&whole[..out.len()]);
        whole.as_mut_slice().zeroize();
    }
}

/// The function H' of RFC 9106, section 3.3.
pub(super) fn hash_long(message: &[u8], out: &mut [u8]) {
    let length = u32::try_from(out.len()).unwrap_or_else(|_| unreachable!("a tag is shorter"));
    let mut hash = Hash::new(out.len().min(BYTES));
    hash.update(&length.to_le_bytes());
    hash.update(message);
    if out.len() <= BYTES {
        return hash.finish(out);
    }
    let mut link = Zeroizing::new([0; BYTES]);
    hash.finish(&mut *link);
    let mut rest = out;
    loop {
        let (half, after) = rest.split_at_mut(BYTES / 2);
        half.copy_from_slice(&link[..BYTES / 2]);
        rest = after;
        let mut hash = Hash::new(rest.len().min(BYTES));
        hash.update(&*link);
        if rest.len() <= BYTES {
            return hash.finish(rest);
        }
        hash.finish(&mut *link);
    }
}
