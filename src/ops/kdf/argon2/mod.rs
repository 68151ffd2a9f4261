//! Argon2, RFC 9106, in its versions 1.3 and 1.0.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod blake2b;
mod block;
mod fill;

use zeroize::Zeroizing;

use super::arena::Arena;
use super::{Derive, Plan, Secret, Work};
use crate::error::{Error, ErrorKind};
use crate::pool::{Company, Context, Lockstep};
use block::{BLOCK_BYTES, Block};
use fill::{Filling, Layout};

/// Which of the three functions. The numbers are RFC 9106's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// References depend on the data.
    Argon2d = 0,
    /// References depend on nothing secret.
    Argon2i = 1,
    /// Argon2i for the first half of the first pass, then Argon2d.
    Argon2id = 2,
}

impl Variant {
    /// The name in a PHC string.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Argon2d => "argon2d",
            Self::Argon2i => "argon2i",
            Self::Argon2id => "argon2id",
        }
    }
}

/// Which revision. The numbers are RFC 9106's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// 1.0: later passes overwrite.
    V10 = 0x10,
    /// 1.3: later passes add.
    V13 = 0x13,
}

/// Lanes that a step gives their first blocks: 1 ms.
const SEED_STEP: usize = 64;

/// What it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    /// KiB, at least 8 for each of `parallelism`.
    pub memory: u32,
    /// At least 1.
    pub passes: u32,
    /// 1 to 2^24 - 1.
    pub parallelism: u32,
}

impl Cost {
    /// Working memory in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        u64::from(self.memory) << 10
    }

    /// What it takes on one core, in nanoseconds.
    #[must_use]
    pub fn estimated_nanos(self) -> u64 {
        // A block of 1 KiB, measured with AVX2.
        const BLOCK_NANOS: u64 = 300;
        // What a lane takes in each of a pass's four slices however short it is, addresses included.
        const SEGMENT_NANOS: u64 = 1_500;
        // The first two blocks of a lane.
        const LANE_NANOS: u64 = 15_000;
        let lanes = u64::from(self.parallelism);
        let blocks = u64::from(self.memory).saturating_mul(BLOCK_NANOS);
        let pass = blocks.saturating_add(lanes.saturating_mul(4 * SEGMENT_NANOS));
        pass.saturating_mul(u64::from(self.passes))
            .saturating_add(lanes.saturating_mul(LANE_NANOS))
    }
}

/// One computation, from its inputs to its tag.
pub struct Argon2 {
    /// H0, then room for the numbers of a block and a lane.
    seed: Zeroizing<[u8; blake2b::BYTES + 8]>,
    /// Lanes that have their first two blocks.
    seeded: usize,
    memory: Arena,
    filling: Filling,
    /// Zeros until the end.
    tag: Secret,
}

/// The inputs that are not costs. All of them are wiped with the value.
#[derive(Default)]
pub struct Inputs {
    /// The password.
    pub message: Secret,
    /// The salt.
    pub nonce: Secret,
    /// The secret value K.
    pub secret: Secret,
    /// The associated data X.
    pub associated_data: Secret,
}

impl Inputs {
    /// Their bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        let Self {
            message,
            nonce,
            secret,
            associated_data,
        } = self;
        message.len() + nonce.len() + secret.len() + associated_data.len()
    }
}

impl Argon2 {
    /// The work of a tag of `tag_length` bytes.
    #[must_use]
    pub fn work(
        variant: Variant,
        version: Version,
        cost: Cost,
        inputs: Inputs,
        tag_length: usize,
    ) -> Work<Self> {
        // The last step hashes the tag, a block of BLAKE2b for each 32 bytes.
        const TAG_BYTE_NANOS: u64 = 5;
        let plan = Plan {
            bytes: cost.bytes().saturating_add(super::output_bytes(tag_length)),
            nanos: cost
                .estimated_nanos()
                .saturating_add(TAG_BYTE_NANOS.saturating_mul(tag_length as u64)),
            company: Company::of::<Work<Self>>(0, 1),
        };
        Work::new(plan, move || {
            Self::new(variant, version, cost, &inputs, tag_length)
        })
    }

    fn new(
        variant: Variant,
        version: Version,
        cost: Cost,
        inputs: &Inputs,
        tag_length: usize,
    ) -> Result<Self, Error> {
        let tag = super::zeros(tag_length)?;
        let mut seed = Zeroizing::new([0; blake2b::BYTES + 8]);
        let first = &mut seed[..blake2b::BYTES];
        hash_inputs(variant, version, cost, inputs, tag_length, first)?;
        let layout = Layout::new(cost.memory as usize, cost.parallelism as usize);
        let wanted = cost.bytes();
        let bytes = layout.blocks().checked_mul(BLOCK_BYTES);
        let memory = Arena::take(bytes.ok_or(ErrorKind::OutOfMemory { wanted })?)?;
        let filling = Filling::new(variant, version, cost.passes, layout);
        Ok(Self {
            seed,
            seeded: 0,
            memory,
            filling,
            tag,
        })
    }

    /// The first two blocks of some more lanes: RFC 9106, section 3.2, steps 3 and 4.
    fn seed(&mut self) {
        let Layout { lanes, .. } = self.filling.layout();
        let end = lanes.min(self.seeded + SEED_STEP);
        let lane_blocks = self.filling.layout().lane_blocks();
        let memory: &mut [Block] = self.memory.all();
        for lane in self.seeded..end {
            for column in 0..2 {
                let [a, b] = [column, lane].map(|number| (number as u64).to_le_bytes());
                let (_, numbers) = self.seed.split_at_mut(blake2b::BYTES);
                numbers[..4].copy_from_slice(&a[..4]);
                numbers[4..].copy_from_slice(&b[..4]);
                let block = &mut memory[lane * lane_blocks + column];
                blake2b::hash_long(&*self.seed, bytemuck::bytes_of_mut(block));
                to_native(block);
            }
        }
        self.seeded = end;
    }

    /// RFC 9106, section 3.2, steps 7 and 8.
    fn finish(&mut self) {
        let lane_blocks = self.filling.layout().lane_blocks();
        let mut last = Zeroizing::new([0; 128]);
        for lane in self.memory.all::<Block>().chunks_exact(lane_blocks) {
            for (sum, word) in last.iter_mut().zip(lane[lane_blocks - 1]) {
                *sum ^= word;
            }
        }
        to_native(&mut last);
        blake2b::hash_long(bytemuck::bytes_of(&*last), &mut self.tag);
    }
}

/// H0 of all the inputs: RFC 9106, section 3.2, step 1.
fn hash_inputs(
    variant: Variant,
    version: Version,
    cost: Cost,
    inputs: &Inputs,
    tag_length: usize,
    out: &mut [u8],
) -> Result<(), Error> {
    let mut hash = blake2b::Hash::new(blake2b::BYTES);
    let length = |length: usize, name| match u32::try_from(length) {
        Ok(length) => Ok(length.to_le_bytes()),
        Err(_) => Err(ErrorKind::InvalidArgument {
            name,
            expected: format!("at most {} bytes", u32::MAX),
            received: format!("{length}"),
        }),
    };
    hash.update(&cost.parallelism.to_le_bytes());
    hash.update(&length(tag_length, "tagLength")?);
    hash.update(&cost.memory.to_le_bytes());
    hash.update(&cost.passes.to_le_bytes());
    hash.update(&(version as u32).to_le_bytes());
    hash.update(&(variant as u32).to_le_bytes());
    let Inputs {
        message,
        nonce,
        secret,
        associated_data,
    } = inputs;
    for (input, name) in [
        (message, "message"),
        (nonce, "nonce"),
        (secret, "secret"),
        (associated_data, "associatedData"),
    ] {
        hash.update(&length(input.len(), name)?);
        hash.update(input);
    }
    hash.finish(out);
    Ok(())
}

impl Lockstep for Argon2 {
    /// One after the other: the next reference is fetched ahead, so that there is no wait to fill.
    fn advance(pieces: &mut [&mut Self], context: &Context<'_>) {
        for piece in pieces {
            if piece.seeded < piece.filling.layout().lanes {
                piece.seed();
                continue;
            }
            piece.filling.advance(piece.memory.all(), context);
            if piece.filling.is_complete() {
                piece.finish();
            }
        }
    }

    fn has_ended(&self) -> bool {
        self.filling.is_complete()
    }
}

impl Derive for Argon2 {
    fn key(self) -> Secret {
        self.tag
    }
}

/// Blocks are little-endian; on other machines they are so only where they are hashed.
fn to_native(block: &mut Block) {
    for word in block {
        *word = u64::from_le(*word);
    }
}
