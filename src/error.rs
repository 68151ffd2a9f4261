//! One error type for the whole crate. Its codes are the contract: they never change.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What went wrong, behind one pointer so that a `Result` stays small.
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// The cases of [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The lane's queue holds as many jobs as it may.
    QueueFull {
        /// The lane's name.
        lane: &'static str,
        /// How many jobs may wait there.
        max_queue: usize,
    },
    /// The job declares more bytes than the process-wide budget.
    MemoryLimit {
        /// Bytes that the job declares.
        wanted: u64,
        /// Bytes that all jobs together may take.
        limit: u64,
    },
    /// The system has no memory for a result of this size.
    OutOfMemory {
        /// Bytes that were asked for.
        wanted: u64,
    },
    /// JavaScript has no value for a result of this size.
    ResultTooLarge,
    /// The job was cancelled; whoever cancelled it knows why.
    Cancelled,
    /// The job panicked.
    Panic {
        /// The panic's message.
        message: String,
    },
    /// An argument has a value that the operation cannot take.
    InvalidArgument {
        /// The argument's name, as JavaScript calls it.
        name: &'static str,
        /// What would have been right.
        expected: String,
        /// What came.
        received: String,
    },
    /// A stored password hash that cannot be read, or that asks for more than the limits allow.
    HashFormat {
        /// What would have been right.
        expected: String,
        /// What came, without any secret.
        received: String,
        /// Where in the string, in bytes, if it is one place.
        byte_offset: Option<usize>,
    },
    /// A CSV that cannot be read as it is, or as the options have it.
    Csv {
        /// What would have been right, and what came.
        message: String,
        /// The line, from 1.
        line: u64,
        /// The character in the line, from 1.
        column: u64,
        /// Where in the input, in bytes, from 0.
        byte_offset: u64,
    },
    /// JSON that cannot be read as it is, or as the options have it.
    Json {
        /// What would have been right, and what came.
        message: String,
        /// The line, from 1.
        line: u64,
        /// The character in the line, from 1.
        column: u64,
        /// Where in the input, in bytes, from 0.
        byte_offset: u64,
    },
    /// Compressed data that cannot be read, or a parameter that its library refuses.
    Compressed {
        /// What the library says of it.
        message: String,
        /// The code that Node.js gives it.
        code: &'static str,
        /// The library's own number.
        errno: i32,
        /// Where in the compressed data, in bytes, from 0.
        byte_offset: Option<u64>,
    },
    /// Data that becomes larger than `maxOutputLength`.
    OutputTooLarge {
        /// The most bytes that it may have.
        limit: u64,
    },
    /// The system refused a call.
    Io {
        /// The call, as Node.js names it: `open`, `read`.
        syscall: &'static str,
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    /// The case, with its details.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The stable code that JavaScript matches on. Codes of the system (`ENOENT`) are put in
    /// their place by the JavaScript layer, which has Node's table of them.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match *self.0 {
            ErrorKind::QueueFull { .. } => "ERR_OFFLOOP_QUEUE_FULL",
            ErrorKind::MemoryLimit { .. } | ErrorKind::OutOfMemory { .. } => {
                "ERR_OFFLOOP_MEMORY_LIMIT"
            }
            ErrorKind::ResultTooLarge | ErrorKind::OutputTooLarge { .. } => "ERR_BUFFER_TOO_LARGE",
            ErrorKind::Compressed { code, .. } => code,
            ErrorKind::Cancelled => "ABORT_ERR",
            ErrorKind::Panic { .. } => "ERR_OFFLOOP_PANIC",
            ErrorKind::InvalidArgument { .. } => "ERR_INVALID_ARG_VALUE",
            ErrorKind::HashFormat { .. } => "ERR_OFFLOOP_HASH_FORMAT",
            ErrorKind::Csv { .. } => "ERR_OFFLOOP_CSV",
            ErrorKind::Json { .. } => "ERR_OFFLOOP_JSON",
            ErrorKind::Io { ref source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "ENOENT",
                io::ErrorKind::PermissionDenied => "EACCES",
                io::ErrorKind::IsADirectory => "EISDIR",
                _ => "EIO",
            },
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::QueueFull { lane, max_queue } => write!(
                f,
                "Expected room in the {lane} lane's queue but {max_queue} of {max_queue} jobs wait there"
            ),
            ErrorKind::MemoryLimit { wanted, limit } => write!(
                f,
                "Expected a job of at most {limit} bytes, the budget of pool.configure({{ memory }}), but this one takes {wanted}"
            ),
            ErrorKind::OutOfMemory { wanted } => {
                write!(
                    f,
                    "Expected memory for {wanted} bytes but the system has none"
                )
            }
            ErrorKind::ResultTooLarge => f.write_str(
                "Expected a result that fits a Buffer or a string but this one is too large",
            ),
            ErrorKind::Cancelled => f.write_str("The operation was aborted"),
            ErrorKind::Panic { message } => write!(
                f,
                "A job panicked, which is a defect of offloop; please report it: {message}"
            ),
            ErrorKind::InvalidArgument {
                name,
                expected,
                received,
            } => write!(f, "Expected {expected} for {name} but received {received}"),
            ErrorKind::HashFormat {
                expected,
                received,
                byte_offset,
            } => {
                write!(f, "Expected {expected} in hash but received {received}")?;
                match byte_offset {
                    Some(offset) => write!(f, " at byte {offset}"),
                    None => Ok(()),
                }
            }
            ErrorKind::Csv {
                message,
                line,
                column,
                byte_offset,
            }
            | ErrorKind::Json {
                message,
                line,
                column,
                byte_offset,
            } => write!(
                f,
                "{message} at line {line}, column {column} (byte {byte_offset})"
            ),
            ErrorKind::Compressed {
                message,
                byte_offset,
                ..
            } => match byte_offset {
                Some(offset) => write!(f, "{message} at byte {offset}"),
                None => f.write_str(message),
            },
            ErrorKind::OutputTooLarge { limit } => write!(
                f,
                "Expected an output of at most {limit} bytes (maxOutputLength) but this one is larger"
            ),
            ErrorKind::Io {
                syscall,
                path,
                source,
            } => match path {
                Some(path) => write!(f, "{source}, {syscall} '{}'", path.display()),
                None => write!(f, "{source}, {syscall}"),
            },
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
