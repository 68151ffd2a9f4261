//! The digest of a file, read and hashed at the same time.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use super::Spec;
use crate::error::{Error, ErrorKind};
use crate::pool::Context;

/// Bytes of one read. Large enough that the system call and the hand-over vanish beside the
/// hashing, small enough to stay in the last-level cache until they are hashed.
const CHUNK: usize = 2 << 20;

/// Bytes of memory that [`digest_file`] takes: a chunk being hashed and the next one being read.
pub const FILE_BUFFERS: u64 = 2 * CHUNK as u64;

/// The digest of the file at `path`. While one chunk is hashed the next is read on another thread.
pub fn digest_file(spec: &Spec, path: &Path, context: &Context<'_>) -> Result<Vec<u8>, Error> {
    let failed = |syscall: &'static str| {
        move |source: std::io::Error| -> Error {
            ErrorKind::Io {
                syscall,
                path: Some(path.to_owned()),
                source,
            }
            .into()
        }
    };
    let mut digest = spec.start()?;
    let mut file = open(path).map_err(failed("open"))?;
    let metadata = file.metadata().map_err(failed("fstat"))?;
    if is_pipe(&metadata) {
        return Err(ErrorKind::InvalidArgument {
            name: "path",
            expected: "a file or a device".to_owned(),
            received: format!("a pipe or socket, '{}' (use a stream)", path.display()),
        }
        .into());
    }
    // A pipe or a device has no length.
    let total = metadata.is_file().then_some(metadata.len());
    advise_sequential(&file);

    let mut current = buffer()?;
    let mut next = buffer()?;
    let mut processed = 0;
    read_chunk(&mut file, &mut current).map_err(failed("read"))?;
    while !current.is_empty() {
        context.checkpoint(processed, total)?;
        // A short read is the end of the file: there is nothing to read ahead.
        if current.len() < CHUNK {
            digest.update_split(&current, context.split());
            next.clear();
        } else {
            let ((), read) = context.split().beside(
                || digest.update_split(&current, context.split()),
                || read_chunk(&mut file, &mut next),
            );
            read.map_err(failed("read"))?;
        }
        processed += current.len() as u64;
        std::mem::swap(&mut current, &mut next);
    }
    context.checkpoint(processed, total)?;
    digest.finish(context)
}

/// Opening a pipe waits until somebody writes to it, and no cancellation reaches a thread there.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits())
        .unwrap_or_else(|_| unreachable!("open(2) takes its flags as an int"));
    File::options()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo() || metadata.file_type().is_socket()
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
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
fn read_chunk(file: &mut File, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    buffer.clear();
    file.take(CHUNK as u64).read_to_end(buffer).map(drop)
}

#[cfg(target_os = "linux")]
fn advise_sequential(file: &File) {
    use rustix::fs::{Advice, fadvise};
    // A hint: whether the system takes it changes nothing but the speed of a cold read.
    let _ = fadvise(file, 0, None, Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn advise_sequential(_: &File) {}
