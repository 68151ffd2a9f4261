//! Digests of many messages at once.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::{Algorithm, Mode, SERIAL_PIECE, Spec};
use crate::error::{Error, ErrorKind};
use crate::pool::{Context, Team};

/// Message bytes that one thread takes at a time: 0.3 ms of SHA-256, large enough that taking it
/// costs nothing, small enough that threads end together.
const GROUP_BYTES: usize = 512 << 10;

/// A message costs about as much as this many bytes on top of its own.
const MESSAGE_OVERHEAD: usize = 256;

/// The digests of `messages`, one after the other in one buffer. They are spread over the threads,
/// and where the CPU gains from it each thread works on several messages in lockstep.
pub fn digest_many<M: AsRef<[u8]> + Sync>(
    spec: &Spec,
    messages: &[M],
    context: &Context<'_>,
) -> Result<Vec<u8>, Error> {
    let sample = spec.start()?;
    let length = sample.length;
    let wanted = length.saturating_mul(messages.len());
    let mut digests = Vec::new();
    if digests.try_reserve_exact(wanted).is_err() {
        return Err(ErrorKind::OutOfMemory {
            wanted: wanted as u64,
        }
        .into());
    }
    digests.resize(wanted, 0);
    if wanted == 0 {
        return Ok(digests);
    }

    let total: u64 = messages.iter().map(|m| m.as_ref().len() as u64).sum();
    let processed = AtomicU64::new(0);
    let advance = |bytes: usize| {
        let before = processed.fetch_add(bytes as u64, Ordering::Relaxed);
        // The lanes count whole blocks, with the padding.
        context.checkpoint(total.min(before + bytes as u64), Some(total))
    };
    context.checkpoint(0, Some(total))?;

    let team = context.split().team();
    let threads = team.as_ref().map_or(1, Team::threads);
    let mut rest = digests.as_mut_slice();
    let groups: Vec<(&[M], &mut [u8])> = groups(messages, threads)
        .into_iter()
        .map(|range| {
            let (own, after) = std::mem::take(&mut rest).split_at_mut(range.len() * length);
            rest = after;
            (&messages[range], own)
        })
        .collect();

    let hash_group = |(messages, digests): (&[M], &mut [u8])| -> Result<(), Error> {
        #[cfg(target_arch = "x86_64")]
        if matches!(spec.mode, Mode::Plain)
            && matches!(spec.algorithm, Algorithm::Sha256 | Algorithm::Sha224)
            && messages.len() > 1
            && let Some(lanes) = super::sha256_lanes::Lanes::detect()
        {
            return lanes.digest(spec.algorithm, messages, digests, advance);
        }
        // `hash_many` has no checkpoint: not for messages that take long.
        let in_lockstep = messages.len() > 1
            && matches!(spec.mode, Mode::Plain)
            && messages.iter().all(|m| m.as_ref().len() <= SERIAL_PIECE);
        match spec.algorithm {
            Algorithm::Blake2b512 if in_lockstep => {
                let params = blake2b_simd::Params::new();
                let mut jobs: Vec<_> = messages
                    .iter()
                    .map(|m| blake2b_simd::many::HashManyJob::new(&params, m.as_ref()))
                    .collect();
                blake2b_simd::many::hash_many(&mut jobs);
                for (job, digest) in jobs.iter().zip(digests.chunks_exact_mut(length)) {
                    digest.copy_from_slice(job.to_hash().as_bytes());
                }
                advance(messages.iter().map(|m| m.as_ref().len()).sum())
            }
            Algorithm::Blake2s256 if in_lockstep => {
                let params = blake2s_simd::Params::new();
                let mut jobs: Vec<_> = messages
                    .iter()
                    .map(|m| blake2s_simd::many::HashManyJob::new(&params, m.as_ref()))
                    .collect();
                blake2s_simd::many::hash_many(&mut jobs);
                for (job, digest) in jobs.iter().zip(digests.chunks_exact_mut(length)) {
                    digest.copy_from_slice(job.to_hash().as_bytes());
                }
                advance(messages.iter().map(|m| m.as_ref().len()).sum())
            }
            _ => {
                for (message, out) in messages.iter().zip(digests.chunks_exact_mut(length)) {
                    let mut digest = sample.clone();
                    for piece in message.as_ref().chunks(SERIAL_PIECE) {
                        digest.update(piece);
                        advance(piece.len())?;
                    }
                    out.copy_from_slice(&digest.finish(context)?);
                }
                Ok(())
            }
        }
    };
    match team {
        Some(team) if groups.len() > 1 => {
            team.install(|| groups.into_par_iter().try_for_each(hash_group))?;
        }
        _ => groups.into_iter().try_for_each(hash_group)?,
    }
    Ok(digests)
}

/// Neighbouring messages that one thread takes together. While there are enough of them, at least
/// two, so that lanes can be filled.
fn groups<M: AsRef<[u8]>>(messages: &[M], threads: usize) -> Vec<Range<usize>> {
    let fewest = if messages.len() >= 2 * threads { 2 } else { 1 };
    let mut groups = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    for (index, message) in messages.iter().enumerate() {
        bytes += message.as_ref().len() + MESSAGE_OVERHEAD;
        let members = index + 1 - start;
        let remaining = messages.len() - index - 1;
        let full = bytes >= GROUP_BYTES && members >= fewest && remaining >= fewest;
        if full || remaining == 0 {
            groups.push(start..index + 1);
            start = index + 1;
            bytes = 0;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn groups_cover_all_messages_once_and_in_order() {
        for count in [1usize, 2, 3, 4, 5, 17] {
            for size in [0usize, 1, 600 << 10] {
                let messages = vec![vec![0u8; size]; count];
                let covered: Vec<usize> = groups(&messages, 2).into_iter().flatten().collect();
                assert_eq!(covered, (0..count).collect::<Vec<_>>(), "{count} of {size}");
            }
        }
    }

    #[test]
    fn large_messages_pair_up_once_there_are_two_for_every_thread() {
        let messages = |count| vec![vec![0u8; 1 << 20]; count];
        assert_eq!(groups(&messages(3), 2), [0..1, 1..2, 2..3]);
        assert_eq!(groups(&messages(4), 2), [0..2, 2..4]);
        assert_eq!(groups(&messages(5), 2), [0..2, 2..5]);
    }
}
