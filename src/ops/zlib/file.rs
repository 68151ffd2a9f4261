//! Files that are compressed and decompressed without passing through JavaScript.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::compress::side_by_side;
use super::decoder::Decoder;
use super::encoder::{Encoder, Ending};
use super::failure::{out_of_memory, too_large};
use super::settings::{Deflate, Encoding, Inflate, Packing, Unpacking};
use crate::error::{Error, ErrorKind};
use crate::ops::file::Input;
use crate::pool::Context;

/// Input bytes that are compressed at once, side by side, while the next are read.
const BATCH: usize = 4 << 20;
/// Input and output bytes of one turn of decompression.
const PIECE: usize = 1 << 20;

/// Bytes of memory that a job of this module takes.
pub const FILE_BUFFERS: u64 = 3 * BATCH as u64;

/// Compresses the file `from` to `to`, of at most `limit` bytes. How many bytes were read and written.
pub fn gzip_file(
    settings: &Deflate,
    from: &Path,
    to: &Path,
    limit: u64,
    context: &Context<'_>,
) -> Result<(u64, u64), Error> {
    let mut source = Source::open(from)?;
    let mut target = Target::create(to, &source.input, limit)?;
    let encoding = Encoding::Deflate(settings.clone());
    let length = Encoder::segment_length(&encoding);
    let mut encoder = Encoder::new(encoding)?;
    let mut current = source.read(BATCH)?;
    loop {
        context.checkpoint(source.behind - current.len() as u64, source.total)?;
        let is_end = current.len() < BATCH;
        let mut segments = Vec::new();
        let count = current.len().div_ceil(length).max(1);
        for (index, start) in (0..count).map(|index| (index, index * length)) {
            let data = &current[start..current.len().min(start + length)];
            let ending = if is_end && index + 1 == count {
                Ending::Stream
            } else {
                Ending::Segment
            };
            segments.push((encoder.begin()?, data, ending));
            encoder.note(data, ending)?;
        }
        let (next, outputs) = context.split().beside(
            || {
                if is_end {
                    Ok(Vec::new())
                } else {
                    source.read(BATCH)
                }
            },
            || {
                side_by_side(segments, context, |(mut segment, data, ending)| {
                    context.check()?;
                    segment.push(data, ending)
                })
            },
        );
        for output in outputs? {
            target.write(&output)?;
        }
        if is_end {
            target.write(&encoder.trailer())?;
            break;
        }
        current = next?;
    }
    context.checkpoint(source.behind, source.total)?;
    let written = target.finish()?;
    Ok((source.behind, written))
}

/// Decompresses the file `from` to `to`, of at most `limit` bytes. How many bytes were read and
/// written.
pub fn gunzip_file(
    from: &Path,
    to: &Path,
    limit: u64,
    context: &Context<'_>,
) -> Result<(u64, u64), Error> {
    let mut source = Source::open(from)?;
    let mut target = Target::create(to, &source.input, limit)?;
    let mut decoder = Decoder::new(&Unpacking::Inflate(Inflate::new(Packing::Gzip)))?;
    let (mut output, mut spare) = (buffer(PIECE)?, buffer(PIECE)?);
    let mut filled = 0;
    let mut current = source.read(PIECE)?;
    let mut consumed = 0;
    loop {
        let rest = current.len() as u64 - consumed as u64;
        context.checkpoint(source.behind - rest, source.total)?;
        let is_all = current.len() < PIECE;
        // What the last turn has made is written meanwhile.
        let (written, step) = context.split().beside(
            || target.write(&spare[..filled]),
            || decoder.step(&current[consumed..], is_all, &mut output),
        );
        written?;
        let step = step?;
        consumed += step.consumed;
        std::mem::swap(&mut output, &mut spare);
        filled = step.written;
        if step.is_ended && (consumed < current.len() || is_all) {
            break;
        }
        if consumed == current.len() && !is_all {
            current = source.read(PIECE)?;
            consumed = 0;
        }
    }
    target.write(&spare[..filled])?;
    context.checkpoint(source.behind, source.total)?;
    let written = target.finish()?;
    Ok((source.behind, written))
}

fn buffer(length: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(length).is_err() {
        return Err(out_of_memory(length));
    }
    bytes.resize(length, 0);
    Ok(bytes)
}

/// A file that is read from its beginning to its end.
struct Source {
    input: Input,
    total: Option<u64>,
    /// Bytes that are read.
    behind: u64,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Error> {
        let input = Input::open(path)?;
        input.advise_sequential();
        Ok(Self {
            total: input.length(),
            input,
            behind: 0,
        })
    }

    /// The next `length` bytes; fewer at the end only.
    fn read(&mut self, length: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(length).is_err() {
            return Err(out_of_memory(length));
        }
        let mut limited = (&self.input.file).take(length as u64);
        limited
            .read_to_end(&mut bytes)
            .map_err(|error| self.input.read_failed(error))?;
        self.behind += bytes.len() as u64;
        Ok(bytes)
    }
}

/// A file that is there under its name when it is complete, or not at all.
struct Target {
    file: File,
    path: PathBuf,
    /// Where it is until then; beside it, so that it is renamed and not copied.
    temporary: PathBuf,
    written: u64,
    limit: u64,
    is_finished: bool,
}

impl Target {
    /// Has the permissions of `source`, as `gzip` gives them.
    fn create(path: &Path, source: &Input, limit: u64) -> Result<Self, Error> {
        let failed = |syscall| move |error| failed(path, syscall, error);
        if path.is_dir() {
            return Err(failed("open")(io::ErrorKind::IsADirectory.into()));
        }
        let (file, temporary) = create_temporary(path).map_err(failed("open"))?;
        let target = Self {
            file,
            path: path.to_owned(),
            temporary,
            written: 0,
            limit,
            is_finished: false,
        };
        if let Some(permissions) = source.permissions() {
            target
                .file
                .set_permissions(permissions)
                .map_err(failed("fchmod"))?;
        }
        Ok(target)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.written += bytes.len() as u64;
        if self.written > self.limit {
            return Err(too_large(self.limit));
        }
        self.file
            .write_all(bytes)
            .map_err(|error| failed(&self.path, "write", error))
    }

    /// Gives it its name. How long it is.
    fn finish(mut self) -> Result<u64, Error> {
        // Or the name might survive a loss of power, and the bytes not.
        self.file
            .sync_data()
            .map_err(|error| failed(&self.path, "fdatasync", error))?;
        fs::rename(&self.temporary, &self.path)
            .map_err(|error| failed(&self.path, "rename", error))?;
        self.is_finished = true;
        Ok(self.written)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.is_finished {
            // There is nobody to tell: the job has failed already.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn create_temporary(path: &Path) -> io::Result<(File, PathBuf)> {
    let Some(name) = path.file_name() else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    loop {
        let mut random = [0; 6];
        getrandom::fill(&mut random).map_err(|_| io::Error::other("no random bytes"))?;
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", data_encoding::HEXLOWER.encode(&random)));
        let temporary = path.with_file_name(temporary);
        match File::options()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => return Ok((file, temporary)),
        }
    }
}

fn failed(path: &Path, syscall: &'static str, source: io::Error) -> Error {
    ErrorKind::Io {
        syscall,
        path: Some(path.to_owned()),
        source,
    }
    .into()
}
