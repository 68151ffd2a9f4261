//! Digests against published vectors, and against themselves in other parts.

use offloop::ops::digest::{
    Algorithm, Mode, Spec, digest, digest_file, digest_inline, digest_many,
};
use offloop::pool::{CancelToken, Context, LaneKind, Split};
use proptest::prelude::*;
use serde::Deserialize;
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    algorithm: String,
    source: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    message: Message,
    key: Option<String>,
    digest: String,
}

#[derive(Deserialize)]
struct Message {
    hex: Option<String>,
    text: Option<String>,
    repeat: Option<Repeat>,
    length: Option<usize>,
}

#[derive(Deserialize)]
struct Repeat {
    text: String,
    count: usize,
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        if let Some(hex) = &self.hex {
            unhex(hex)
        } else if let Some(text) = &self.text {
            text.clone().into_bytes()
        } else if let Some(repeat) = &self.repeat {
            repeat.text.repeat(repeat.count).into_bytes()
        } else {
            mod_251(self.length.expect("a pattern has a length"))
        }
    }
}

fn mod_251(length: usize) -> Vec<u8> {
    (0..251).cycle().take(length).collect()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn unhex(hex: &str) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(hex.as_bytes())
        .expect("the vectors are hexadecimal")
}

fn algorithm(name: &str) -> Algorithm {
    Algorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.name() == name)
        .expect("an algorithm of the crate")
}

fn spec(algorithm: Algorithm, mode: Mode) -> Spec {
    Spec {
        algorithm,
        mode,
        length: None,
    }
}

/// Runs `check` on one thread and on four.
fn with_contexts(check: impl Fn(&Context<'_>)) {
    let cancel = CancelToken::default();
    for threads in [1, 4] {
        let split = Split::new(LaneKind::Bulk, threads);
        check(&Context::new(&cancel, &split));
    }
}

fn check_vectors(json: &str, mode: impl Fn(Option<&str>) -> Mode) {
    let vectors: Vectors = serde_json::from_str(json).expect("the file fits the schema");
    with_contexts(|context| {
        for group in &vectors.groups {
            for vector in &group.vectors {
                let message = vector.message.bytes();
                let spec = spec(algorithm(&group.algorithm), mode(vector.key.as_deref()));
                let label = format!(
                    "{}: {}, {} bytes",
                    group.algorithm,
                    group.source,
                    message.len()
                );
                let one_shot = digest(&spec, &message, context).expect("not cancelled");
                assert_eq!(hex(&one_shot), vector.digest, "{label}");
                let inline = digest_inline(&spec, &message, context).expect("not cancelled");
                assert_eq!(hex(&inline), vector.digest, "{label}");
                split_everywhere(&spec, &message, &vector.digest, context, &label);
            }
        }
    });
}

/// The message in two parts, cut at every byte; long ones near their ends and around the blocks.
fn split_everywhere(
    spec: &Spec,
    message: &[u8],
    expected: &str,
    context: &Context<'_>,
    label: &str,
) {
    let near = |cut: &usize| {
        message.len() <= 300 || *cut < 140 || message.len() - cut < 140 || cut.is_multiple_of(4099)
    };
    for cut in (0..=message.len()).filter(near).take(600) {
        let mut digest = spec.start().expect("a valid specification");
        digest.update(&message[..cut]);
        digest.update_split(&message[cut..], context.split());
        let digest = digest.finish(context).expect("not cancelled");
        assert_eq!(hex(&digest), expected, "{label}, cut at {cut}");
    }
}

#[test]
fn published_digests_one_shot_and_split_at_every_boundary() {
    check_vectors(include_str!("../vectors/digest.json"), |key| match key {
        None => Mode::Plain,
        Some(key) => Mode::Keyed(Zeroizing::new(unhex(key))),
    });
}

#[test]
fn published_hmacs_one_shot_and_split_at_every_boundary() {
    check_vectors(include_str!("../vectors/hmac.json"), |key| {
        Mode::Hmac(Zeroizing::new(unhex(key.expect("an HMAC has a key"))))
    });
}

#[derive(Deserialize)]
struct Blake3Vectors {
    key: String,
    cases: Vec<Blake3Case>,
}

#[derive(Deserialize)]
struct Blake3Case {
    input_len: usize,
    hash: String,
    keyed_hash: String,
}

#[test]
fn published_blake3_with_extended_output() {
    let vectors: Blake3Vectors = serde_json::from_str(include_str!("../vectors/blake3.json"))
        .expect("the file's own schema");
    let keyed = || Mode::Keyed(Zeroizing::new(vectors.key.clone().into_bytes()));
    with_contexts(|context| {
        for case in &vectors.cases {
            let message = mod_251(case.input_len);
            for (mode, expected) in [(Mode::Plain, &case.hash), (keyed(), &case.keyed_hash)] {
                let spec = Spec {
                    algorithm: Algorithm::Blake3,
                    mode,
                    length: Some(expected.len() / 2),
                };
                let digest = digest(&spec, &message, context).expect("not cancelled");
                assert_eq!(&hex(&digest), expected, "{} bytes", case.input_len);
            }
        }
    });
}

#[test]
fn parallel_and_serial_digests_of_large_messages_agree() {
    let message = mod_251(40_000_003);
    let cancel = CancelToken::default();
    let [serial, parallel] = [1, 4].map(|threads| Split::new(LaneKind::Bulk, threads));
    for algorithm in [
        Algorithm::Blake3,
        Algorithm::Crc32,
        Algorithm::Crc32c,
        Algorithm::Xxh3_128,
    ] {
        let spec = spec(algorithm, Mode::Plain);
        let [serial, parallel] = [&serial, &parallel].map(|split| {
            digest(&spec, &message, &Context::new(&cancel, split)).expect("not cancelled")
        });
        assert_eq!(serial, parallel, "{}", algorithm.name());
    }
}

#[test]
fn files_have_the_digest_of_their_bytes() {
    let folder = std::env::temp_dir().join(format!("offloop-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join("file");
    with_contexts(|context| {
        for length in [0, 1, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 5 << 20] {
            let bytes = mod_251(length);
            std::fs::write(&path, &bytes).expect("a temporary file");
            for algorithm in [Algorithm::Sha256, Algorithm::Blake3, Algorithm::Crc32] {
                let spec = spec(algorithm, Mode::Plain);
                let expected = digest(&spec, &bytes, context).expect("not cancelled");
                let file = digest_file(&spec, &path, context).expect("not cancelled");
                assert_eq!(file, expected, "{} of {length} bytes", algorithm.name());
            }
        }
    });
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

#[test]
fn a_cancelled_job_stops_at_its_first_checkpoint() {
    let cancel = CancelToken::default();
    cancel.cancel();
    let split = Split::new(LaneKind::Bulk, 2);
    let context = Context::new(&cancel, &split);
    for algorithm in Algorithm::ALL {
        let spec = spec(algorithm, Mode::Plain);
        let error = digest(&spec, b"message", &context).expect_err("it is cancelled");
        assert_eq!(error.code(), "ABORT_ERR", "{}", algorithm.name());
        let error = digest_many(&spec, &[b"a", b"b"], &context).expect_err("it is cancelled");
        assert_eq!(error.code(), "ABORT_ERR", "{}", algorithm.name());
    }
}

#[test]
fn an_output_that_does_not_fit_the_memory_is_an_error() {
    let spec = Spec {
        algorithm: Algorithm::Blake3,
        mode: Mode::Plain,
        length: Some(isize::MAX as usize),
    };
    with_contexts(|context| {
        let error = digest(&spec, b"", context).expect_err("no machine has this much");
        assert_eq!(error.code(), "ERR_OFFLOOP_MEMORY_LIMIT");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn many_digests_are_those_of_each_message(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..12),
        index in 0..Algorithm::ALL.len(),
    ) {
        let spec = spec(Algorithm::ALL[index], Mode::Plain);
        let cancel = CancelToken::default();
        let split = Split::new(LaneKind::Bulk, 1);
        let context = Context::new(&cancel, &split);
        let many = digest_many(&spec, &messages, &context).expect("not cancelled");
        let each: Vec<u8> = messages
            .iter()
            .flat_map(|message| digest(&spec, message, &context).expect("not cancelled"))
            .collect();
        prop_assert_eq!(many, each);
    }

    #[test]
    fn parts_do_not_matter(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
        index in 0..Algorithm::ALL.len(),
    ) {
        let spec = spec(Algorithm::ALL[index], Mode::Plain);
        let cancel = CancelToken::default();
        let split = Split::new(LaneKind::Bulk, 1);
        let context = Context::new(&cancel, &split);
        let mut in_parts = spec.start().expect("a valid specification");
        for part in &parts {
            in_parts.update(part);
        }
        let whole = digest(&spec, &parts.concat(), &context).expect("not cancelled");
        prop_assert_eq!(in_parts.finish(&context).expect("not cancelled"), whole);
    }
}
