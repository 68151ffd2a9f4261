//! The digest of a file, read and hashed at the same time.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Spec;
use crate::error::{Error, ErrorKind};
use crate::ops::file::Input;
use crate::pool::Context;

/// Bytes of one read. Large enough that the system call and the hand-over vanish beside the
/// hashing, small enough to stay in the last-level cache until they are hashed.
const CHUNK: usize = 2 << 20;

/// Bytes of memory that [`digest_file`] takes: a chunk being hashed and the next one being read.
pub const FILE_BUFFERS: u64 = 2 * CHUNK as u64;

/// The digest of the file at `path`. While one chunk is hashed the next is read on another thread.
pub fn digest_file(spec: &Spec, path: &Path, context: &Context<'_>) -> Result<Vec<u8>, Error> {
    let mut digest = spec.start()?;
    let input = Input::open(path)?;
    let total = input.length();
    input.advise_sequential();

    let mut current = buffer()?;
    let mut next = buffer()?;
    let mut processed = 0;
    read_chunk(&input.file, &mut current).map_err(|error| input.read_failed(error))?;
    while !current.is_empty() {
        context.checkpoint(processed, total)?;
        // A short read is the end of the file: there is nothing to read ahead.
        if current.len() < CHUNK {
            digest.update_split(&current, context.split());
            next.clear();
        } else {
            let ((), read) = context.split().beside(
                || digest.update_split(&current, context.split()),
                || read_chunk(&input.file, &mut next),
            );
            read.map_err(|error| input.read_failed(error))?;
        }
        processed += current.len() as u64;
        std::mem::swap(&mut current, &mut next);
    }
    context.checkpoint(processed, total)?;
    digest.finish(context)
}

fn buffer() -> Result<Vec<u8>, Error> {
    let mut buffer = Vec::new();
    match buffer.try_reserve_exact(CHUNK) {
        Ok(()) => Ok(buffer),
        Err(_) => Err(ErrorKind::OutOfMemory {
            wanted: CHUNK as u64,
        }
        .into()),
    }
}

/// Fills `buffer` up to [`CHUNK`] bytes; fewer only at the end of the file.
fn read_chunk(file: &File, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    buffer.clear();
    file.take(CHUNK as u64).read_to_end(buffer).map(drop)
}
