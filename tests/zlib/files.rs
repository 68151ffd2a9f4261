//! Files that are compressed and decompressed: what is there afterwards, and that nothing else is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use offloop::error::Error;
use offloop::ops::zlib::{Deflate, Wrapper, gunzip_file, gzip_file};
use offloop::pool::{CancelToken, Context};

use crate::samples::{noise, records, zeros};
use crate::{NO_LIMIT, SPLITS, deflate, is_data, on_threads, pack, told};

/// A folder of a test's own, with a file `from` in it.
struct Folder(PathBuf);

impl Folder {
    fn new(from: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("offloop-zlib-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).expect("a temporary folder");
        fs::write(folder.from(), from).expect("a temporary file");
        folder
    }

    fn from(&self) -> PathBuf {
        self.0.join("from")
    }

    fn to(&self) -> PathBuf {
        self.0.join("to")
    }

    fn names(&self) -> Vec<OsString> {
        let entries = fs::read_dir(&self.0).expect("the folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A failed test says more than what it leaves.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The bytes of the target, which are the same on all threads, and the counts.
fn written(
    folder: &Folder,
    run: impl Fn(&Path, &Path, &Context<'_>) -> Result<(u64, u64), Error>,
) -> Result<(Vec<u8>, u64), String> {
    on_threads(|context| {
        let outcome = run(&folder.from(), &folder.to(), context);
        let (read, count) = outcome.map_err(|error| told(&error))?;
        let bytes = fs::read(folder.to()).expect("the target");
        assert_eq!(count, bytes.len() as u64);
        assert_eq!(folder.names(), ["from", "to"]);
        Ok((bytes, read))
    })
}

fn gzip(folder: &Folder, level: u8, limit: u64) -> Result<(Vec<u8>, u64), String> {
    let settings = Deflate {
        level,
        ..Deflate::new(Wrapper::Gzip)
    };
    written(folder, |from, to, context| {
        gzip_file(&settings, from, to, limit, context)
    })
}

fn gunzip(folder: &Folder, limit: u64) -> Result<(Vec<u8>, u64), String> {
    written(folder, |from, to, context| {
        gunzip_file(from, to, limit, context)
    })
}

/// Around what is compressed at once, 4 MiB, and the segments of it.
#[test]
fn files_become_one_member() {
    for (length, level) in [
        0,
        1,
        1000,
        (256 << 10) - 1,
        256 << 10,
        (4 << 20) - 1,
        4 << 20,
        (4 << 20) + 1,
    ]
    .into_iter()
    .zip([6, 0, 9, 1, 6, 0, 1, 6])
    {
        let folder = Folder::new(records(length));
        let (packed, read) = gzip(&folder, level, NO_LIMIT).expect("it is compressed");
        is_data(&deflate(Wrapper::Gzip, level), &packed, records(length));
        assert_eq!(read, length as u64);
    }
}

/// Around what is read, and written, at once.
#[test]
fn members_become_files() {
    const PIECE: usize = 1 << 20;
    let stored = |length| pack(&deflate(Wrapper::Gzip, 0), noise(length), true);
    let overhead = stored(PIECE).len() - PIECE;
    let mut cases = vec![
        (vec![], stored(0)),
        (
            [records(10), noise(10)].concat(),
            [
                pack(&deflate(Wrapper::Gzip, 6), records(10), true),
                stored(10),
            ]
            .concat(),
        ),
        (
            noise(10).to_vec(),
            [stored(10), vec![0; 2 * PIECE]].concat(),
        ),
    ];
    for length in [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE] {
        for content in [length, length - overhead] {
            cases.push((noise(content).to_vec(), stored(content)));
        }
        cases.push((
            zeros(length).to_vec(),
            pack(&deflate(Wrapper::Gzip, 6), zeros(length), true),
        ));
        let two = [stored(length - overhead), stored(3)].concat();
        cases.push(([noise(length - overhead), noise(3)].concat(), two));
    }
    for (data, packed) in cases {
        let folder = Folder::new(&packed);
        let (found, _) = gunzip(&folder, NO_LIMIT).expect("it is gzip");
        assert!(found == data, "{} bytes", data.len());
        assert!(packed.len() > 100 || gunzip(&folder, data.len() as u64).is_ok());
    }
}

/// What fails leaves no file, and leaves the file that there was.
fn fails(
    from: &[u8],
    expected: &str,
    run: impl Fn(&Path, &Path, &Context<'_>) -> Result<(u64, u64), Error>,
) {
    let token = CancelToken::default();
    for split in SPLITS.iter() {
        let context = Context::new(&token, split);
        let folder = Folder::new(from);
        let error = run(&folder.from(), &folder.to(), &context).expect_err("it fails");
        assert!(told(&error).starts_with(expected), "{}", told(&error));
        assert_eq!(folder.names(), ["from"]);
        fs::write(folder.to(), "before").expect("a temporary file");
        run(&folder.from(), &folder.to(), &context).expect_err("it fails");
        assert_eq!(folder.names(), ["from", "to"]);
        assert_eq!(fs::read(folder.to()).expect("the target"), b"before");
    }
}

#[test]
fn what_fails_leaves_what_was_there() {
    let settings = Deflate::new(Wrapper::Gzip);
    let packed = pack(&deflate(Wrapper::Gzip, 6), noise(1_100_000), true);
    let unpacked = 1_100_000;
    fails(&packed, "ERR_BUFFER_TOO_LARGE: ", |from, to, context| {
        gunzip_file(from, to, unpacked - 1, context)
    });
    fails(
        &packed[..packed.len() - 1],
        "Z_BUF_ERROR: unexpected end of file at byte ",
        |from, to, context| gunzip_file(from, to, NO_LIMIT, context),
    );
    let garbage = [&packed[..], b"garbage"].concat();
    fails(
        &garbage,
        "Z_DATA_ERROR: incorrect header check at byte ",
        |from, to, context| gunzip_file(from, to, NO_LIMIT, context),
    );
    for data in [&b""[..], b"\x1f"] {
        fails(
            data,
            "Z_BUF_ERROR: unexpected end of file at byte ",
            |from, to, context| gunzip_file(from, to, NO_LIMIT, context),
        );
    }
    fails(
        noise(2_100_000),
        "ERR_BUFFER_TOO_LARGE: ",
        |from, to, context| gzip_file(&settings, from, to, 2 << 20, context),
    );
    fails(records(1000), "ABORT_ERR: ", |from, to, context| {
        let token = CancelToken::default();
        token.cancel();
        gzip_file(
            &settings,
            from,
            to,
            NO_LIMIT,
            &Context::new(&token, context.split()),
        )
    });
    fails(&packed, "ABORT_ERR: ", |from, to, context| {
        let token = CancelToken::default();
        token.cancel();
        gunzip_file(from, to, NO_LIMIT, &Context::new(&token, context.split()))
    });
    fails(b"", "ENOENT: ", |from, to, context| {
        gzip_file(
            &settings,
            &from.with_file_name("none"),
            to,
            NO_LIMIT,
            context,
        )
    });
}

#[test]
fn targets_that_cannot_be_written() {
    let token = CancelToken::default();
    let context = Context::new(&token, &SPLITS[0]);
    let settings = Deflate::new(Wrapper::Gzip);
    let folder = Folder::new(records(10));
    let run = |to: &Path| {
        let error =
            gzip_file(&settings, &folder.from(), to, NO_LIMIT, &context).expect_err("it fails");
        error.code().to_owned()
    };
    assert_eq!(run(&folder.0), "EISDIR");
    assert_eq!(run(&folder.0.join("none/to")), "ENOENT");
    assert_eq!(folder.names(), ["from"]);
}

/// A file may become its own compressed form: it is renamed at the end.
#[test]
fn a_file_in_its_own_place() {
    let folder = Folder::new(records(100_000));
    let token = CancelToken::default();
    let context = Context::new(&token, &SPLITS[1]);
    let (path, settings) = (folder.from(), Deflate::new(Wrapper::Gzip));
    gzip_file(&settings, &path, &path, NO_LIMIT, &context).expect("it is compressed");
    is_data(
        &deflate(Wrapper::Gzip, 6),
        &fs::read(&path).expect("the file"),
        records(100_000),
    );
    gunzip_file(&path, &path, NO_LIMIT, &context).expect("it is decompressed");
    assert_eq!(fs::read(&path).expect("the file"), records(100_000));
    assert_eq!(folder.names(), ["from"]);
}

#[cfg(unix)]
#[test]
fn targets_have_the_permissions_of_their_source() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new(records(10));
    fs::set_permissions(folder.from(), fs::Permissions::from_mode(0o640)).expect("permissions");
    gzip(&folder, 6, NO_LIMIT).expect("it is compressed");
    let mode = fs::metadata(folder.to())
        .expect("the target")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}
