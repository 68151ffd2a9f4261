//! Files that an operation reads by itself.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};

/// A file to be read, and where errors say it is.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) file: File,
    path: PathBuf,
    metadata: Metadata,
}

impl Input {
    /// Opens the file at `path`, which is no pipe: reading one would wait for somebody to write, where
    /// no cancellation reaches a thread.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |syscall| move |source| failed(path, syscall, source);
        let file = open(path).map_err(failed("open"))?;
        let metadata = file.metadata().map_err(failed("fstat"))?;
        if is_pipe(&metadata) {
            return Err(ErrorKind::InvalidArgument {
                name: "path",
                expected: "a file or a device".to_owned(),
                received: format!("a pipe or socket, '{}' (use a stream)", path.display()),
            }
            .into());
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            metadata,
        })
    }

    /// Bytes of a regular file; a device has no length.
    pub(super) fn length(&self) -> Option<u64> {
        self.metadata.is_file().then_some(self.metadata.len())
    }

    /// Those of a regular file.
    pub(super) fn permissions(&self) -> Option<Permissions> {
        self.metadata.is_file().then(|| self.metadata.permissions())
    }

    /// What the system said to a read.
    pub(super) fn read_failed(&self, source: io::Error) -> Error {
        failed(&self.path, "read", source)
    }

    /// Tells the system that the file is read from its beginning to its end.
    pub(super) fn advise_sequential(&self) {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Advice, fadvise};
            // A hint: whether the system takes it changes nothing but the speed of a cold read.
            let _ = fadvise(&self.file, 0, None, Advice::Sequential);
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

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits())
        .unwrap_or_else(|_| unreachable!("open(2) takes its flags as an int"));
    File::options()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
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
