//! Key derivation and stored hashes against published vectors, and in company against themselves alone.

use offloop::error::Error;
use offloop::ops::digest::Algorithm;
use offloop::ops::kdf::argon2::{self, Argon2, Inputs, Variant, Version};
use offloop::ops::kdf::bcrypt::Bcrypt;
use offloop::ops::kdf::password::{Cost, Limits, NewHash, Password, StoredHash, needs_rehash};
use offloop::ops::kdf::pbkdf2::{Other, Pbkdf2, Sha256, Sha512};
use offloop::ops::kdf::scrypt::{self, Scrypt};
use offloop::ops::kdf::{AnyWork, Derive, Secret, Work, hkdf};
use offloop::pool::{CancelToken, Context, LaneKind, Lockstep, Split};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

/// What a vector may take in a build without optimisation. The JavaScript tests run them all.
const MOST_BYTES: u64 = 32 << 20;

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    source: String,
    kind: Option<String>,
    algorithm: Option<String>,
    vectors: Vec<Value>,
}

fn vectors(text: &str) -> Vec<Group> {
    serde_json::from_str::<Vectors>(text)
        .expect("valid JSON")
        .groups
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_default()
}

fn bytes(vector: &Value, name: &str) -> Secret {
    let hex = data_encoding::HEXLOWER.decode(text(vector, name).as_bytes());
    Secret::new(hex.expect("hexadecimal"))
}

fn number(vector: &Value, name: &str) -> u64 {
    vector[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} in {vector}"))
}

fn number32(vector: &Value, name: &str) -> u32 {
    number(vector, name).try_into().expect("32 bits")
}

fn algorithm(group: &Group) -> Algorithm {
    let name = group.algorithm.as_deref().expect("an algorithm");
    let found = Algorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.name() == name);
    found.unwrap_or_else(|| panic!("{name} is an algorithm"))
}

fn context<R>(with: impl FnOnce(&Context<'_>) -> R) -> R {
    let split = Split::new(LaneKind::Interactive, 2);
    with(&Context::new(&CancelToken::default(), &split))
}

fn alone(work: AnyWork) -> Vec<u8> {
    context(|context| work.derive(context))
        .expect("nothing fails")
        .to_vec()
}

fn secret(bytes: &[u8]) -> Secret {
    Secret::new(bytes.to_vec())
}

#[test]
fn pbkdf2_as_published() {
    for group in vectors(include_str!("../vectors/pbkdf2.json")) {
        for vector in &group.vectors {
            let iterations = number32(vector, "iterations");
            if iterations > 100_000 {
                continue;
            }
            let length = number(vector, "keylen").try_into().expect("a length");
            let (password, salt) = (bytes(vector, "password"), bytes(vector, "salt"));
            let expected = bytes(vector, "key").to_vec();
            let own = password.clone();
            let work = AnyWork::pbkdf2(algorithm(&group), salt.clone(), iterations, length, || {
                Ok(own)
            });
            assert_eq!(alone(work), expected, "{}: {vector}", group.source);
            // The way of all other functions, for these too.
            let prf = Other(algorithm(&group));
            let work = Pbkdf2::work(prf, salt, iterations, length, || Ok(password));
            if iterations < 10_000 {
                assert_eq!(alone(AnyWork::Pbkdf2Other(work)), expected, "{vector}");
            }
        }
    }
}

#[test]
fn hkdf_as_published() {
    for group in vectors(include_str!("../vectors/hkdf.json")) {
        for vector in &group.vectors {
            let input = |name| bytes(vector, name);
            let length = number(vector, "keylen").try_into().expect("a length");
            let key = hkdf(
                algorithm(&group),
                &input("ikm"),
                &input("salt"),
                &input("info"),
                length,
            );
            if vector["expect"] == "invalid" {
                let code = key.expect_err("too long").code();
                assert_eq!(code, "ERR_INVALID_ARG_VALUE", "{}: {vector}", group.source);
            } else {
                let key = key.expect("nothing fails").to_vec();
                assert_eq!(key, input("key").to_vec(), "{}: {vector}", group.source);
            }
        }
    }
}

#[test]
fn scrypt_as_published() {
    for group in vectors(include_str!("../vectors/scrypt.json")) {
        for vector in &group.vectors {
            let cost = scrypt::Cost {
                n: number(vector, "N"),
                r: number32(vector, "r"),
                p: number32(vector, "p"),
            };
            if cost.bytes() > MOST_BYTES {
                continue;
            }
            let length = number(vector, "keylen").try_into().expect("a length");
            let (password, salt) = (bytes(vector, "password"), bytes(vector, "salt"));
            let work = Scrypt::work(cost, salt, length, || Ok(password));
            let key = alone(AnyWork::Scrypt(work));
            assert_eq!(
                key,
                bytes(vector, "key").to_vec(),
                "{}: {vector}",
                group.source
            );
        }
    }
}

fn variant(name: &str) -> Variant {
    let all = [Variant::Argon2d, Variant::Argon2i, Variant::Argon2id];
    all.into_iter()
        .find(|variant| variant.name() == name)
        .expect("a variant")
}

#[test]
fn argon2_as_published() {
    for group in vectors(include_str!("../vectors/argon2.json")) {
        if group.kind.as_deref() != Some("tag") {
            continue;
        }
        for vector in &group.vectors {
            let cost = argon2::Cost {
                memory: number32(vector, "memory"),
                passes: number32(vector, "passes"),
                parallelism: number32(vector, "parallelism"),
            };
            if cost.bytes() > MOST_BYTES {
                continue;
            }
            let version = match number(vector, "version") {
                16 => Version::V10,
                _ => Version::V13,
            };
            let inputs = Inputs {
                message: bytes(vector, "message"),
                nonce: bytes(vector, "nonce"),
                secret: bytes(vector, "secret"),
                associated_data: bytes(vector, "associatedData"),
            };
            let expected = bytes(vector, "tag");
            let variant = variant(text(vector, "algorithm"));
            let work = Argon2::work(variant, version, cost, inputs, expected.len());
            let tag = alone(AnyWork::Argon2(work));
            assert_eq!(tag, expected.to_vec(), "{}: {vector}", group.source);
        }
    }
}

const LIMITS: Limits = Limits {
    memory: MOST_BYTES,
    nanos: 1_000_000_000,
};

fn verify(hash: &str, password: &[u8]) -> Result<bool, Error> {
    let stored = StoredHash::parse(hash)?;
    stored.check(LIMITS)?;
    let password = Password {
        bytes: secret(password),
        pepper: None,
    };
    let output = context(|context| stored.work(password).derive(context))?;
    Ok(stored.matches(&output))
}

/// Whether a published hash is too dear for a build without optimisation.
fn is_dear(hash: &str) -> bool {
    StoredHash::parse(hash).is_ok_and(|stored| stored.check(LIMITS).is_err())
}

fn code(outcome: Result<bool, Error>) -> String {
    outcome.map_or_else(
        |error| error.code().to_owned(),
        |verified| verified.to_string(),
    )
}

#[test]
fn encoded_argon2_as_published() {
    for group in vectors(include_str!("../vectors/argon2.json")) {
        for vector in &group.vectors {
            let hash = text(vector, "encoded");
            if hash.is_empty() || vector["secret"].is_string() || is_dear(hash) {
                continue;
            }
            let expected = match text(vector, "expect") {
                "invalid" => "ERR_OFFLOOP_HASH_FORMAT",
                "false" => "false",
                _ => "true",
            };
            let outcome = code(verify(hash, &bytes(vector, "message")));
            assert_eq!(outcome, expected, "{}: {vector}", group.source);
        }
    }
}

#[test]
fn bcrypt_as_published() {
    for group in vectors(include_str!("../vectors/bcrypt.json")) {
        for vector in &group.vectors {
            let hash = text(vector, "hash");
            if is_dear(hash) {
                continue;
            }
            let expected = match text(vector, "expect") {
                "invalid" | "unsupported" => "ERR_OFFLOOP_HASH_FORMAT",
                "false" | "differs" => "false",
                _ => "true",
            };
            let outcome = code(verify(hash, &bytes(vector, "password")));
            assert_eq!(outcome, expected, "{}: {vector}", group.source);
        }
    }
}

#[test]
fn stored_hashes_of_other_packages() {
    let read = [
        "$argon2",
        "$scrypt$ln=",
        "$2",
        "$pbkdf2-sha256$",
        "$pbkdf2-sha512$",
        "pbkdf2_sha256$",
    ];
    let mut verified = 0;
    for group in vectors(include_str!("../vectors/phc.json")) {
        for vector in &group.vectors {
            let hash = text(vector, "hash");
            if is_dear(hash) {
                continue;
            }
            let known = read.iter().any(|prefix| hash.starts_with(prefix));
            let expected = match text(vector, "expect") {
                "false" => "false",
                _ if known => "true",
                _ => "ERR_OFFLOOP_HASH_FORMAT",
            };
            let outcome = code(verify(hash, &bytes(vector, "password")));
            assert_eq!(outcome, expected, "{}: {vector}", group.source);
            verified += usize::from(known);
        }
    }
    assert!(verified > 30, "{verified}");
}

const CHEAP: [Cost; 5] = [
    Cost::Argon2(
        Variant::Argon2id,
        Version::V13,
        argon2::Cost {
            memory: 64,
            passes: 2,
            parallelism: 2,
        },
    ),
    Cost::Scrypt(scrypt::Cost { n: 16, r: 8, p: 2 }),
    Cost::Bcrypt(4),
    Cost::Pbkdf2(Algorithm::Sha256, 10),
    Cost::Pbkdf2(Algorithm::Sha512, 10),
];

fn new_hash(cost: Cost, password: &[u8], pepper: Option<&[u8]>) -> Result<String, Error> {
    let password = Password {
        bytes: secret(password),
        pepper: pepper.map(secret),
    };
    let (work, new) = NewHash::start(cost, password)?;
    Ok(new.encode(&alone(work)))
}

#[test]
fn a_new_hash_verifies_and_needs_no_rehash_under_its_own_policy_only() {
    for cost in CHEAP {
        let hash = new_hash(cost, b"password", None).expect("nothing fails");
        assert!(verify(&hash, b"password").expect("well formed"), "{hash}");
        assert!(!verify(&hash, b"Password").expect("well formed"), "{hash}");
        for policy in CHEAP {
            let rehash = needs_rehash(&hash, policy).expect("well formed");
            assert_eq!(rehash, policy != cost, "{hash} under {policy:?}");
        }
        assert_ne!(
            hash,
            new_hash(cost, b"password", None).expect("nothing fails"),
            "the salt"
        );
    }
}

#[test]
fn a_pepper_is_needed_to_verify() {
    for cost in CHEAP {
        // Longer than bcrypt takes, and with a zero: no matter under a pepper.
        let password = [[0; 100], [1; 100]].concat();
        let hash = new_hash(cost, &password, Some(b"pepper")).expect("nothing fails");
        let stored = StoredHash::parse(&hash).expect("well formed");
        let verify = |pepper: Option<&[u8]>| {
            let password = Password {
                bytes: secret(&password),
                pepper: pepper.map(secret),
            };
            stored.matches(&alone(stored.work(password)))
        };
        assert!(verify(Some(b"pepper")), "{hash}");
        assert!(!verify(Some(b"salt")), "{hash}");
        assert!(!verify(None), "{hash}");
    }
}

#[test]
fn limits_hold_before_anything_is_spent() {
    let check = |hash: &str| {
        let limits = Limits {
            memory: 1 << 30,
            nanos: 10_000_000_000,
        };
        let outcome = StoredHash::parse(hash).expect("well formed").check(limits);
        outcome.map_or_else(|error| error.to_string(), |()| "fits".to_owned())
    };
    let tail = "c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
    assert_eq!(
        check(&format!("$argon2id$v=19$m=1048576,t=4,p=4${tail}")),
        "fits"
    );
    assert_eq!(
        check(&format!("$argon2id$v=19$m=1048577,t=1,p=1${tail}")),
        "Expected a cost of at most 1073741824 bytes (limits.memory) in hash but received one of 1073742848"
    );
    assert!(check(&format!("$argon2id$v=19$m=8,t=4294967295,p=1${tail}")).contains("limits.time"));
    assert_eq!(check(&format!("$scrypt$ln=17,r=8,p=1${tail}")), "fits");
    assert!(check(&format!("$scrypt$ln=63,r=8,p=1${tail}")).contains("limits.memory"));
    assert!(check(&format!("$scrypt$ln=10,r=8,p=100000${tail}")).contains("limits.time"));
    assert!(check(&format!("$pbkdf2-sha256$i=4294967295${tail}")).contains("limits.time"));
    let bcrypt = "9sTbSlTio3Biev89thdrluFtL3QLcGM5ZOEEcQYJR35uFEdBR6hlG";
    assert_eq!(check(&format!("$2b$17${bcrypt}")), "fits");
    assert!(check(&format!("$2b$18${bcrypt}")).contains("limits.time"));
}

/// Pieces that join while others are under way and leave when they are done, as a lane has them.
fn in_company<D: Derive>(work: Vec<Work<D>>, most: usize) -> Vec<Vec<u8>> {
    let count = work.len();
    let mut waiting = work.into_iter().enumerate();
    let mut group: Vec<(usize, Work<D>)> = Vec::new();
    let mut keys = vec![Vec::new(); count];
    context(|context| {
        loop {
            if group.len() < most {
                group.extend(waiting.next());
            }
            if group.is_empty() {
                break;
            }
            let mut pieces: Vec<&mut Work<D>> = group.iter_mut().map(|(_, work)| work).collect();
            Work::advance(&mut pieces, context);
            for (index, work) in group.extract_if(.., |(_, work)| work.has_ended()) {
                keys[index] = work.key().expect("nothing fails").to_vec();
            }
        }
    });
    keys
}

fn password(index: usize) -> Secret {
    secret(format!("password {index}").as_bytes())
}

#[test]
fn in_company_of_any_size_each_has_the_key_that_it_has_alone() {
    // Unequal costs: they join and leave at different steps.
    for most in 1..=9 {
        let bcrypt = |index: usize| {
            let cost = 4 + u32::try_from(index % 3).expect("small");
            Bcrypt::work(cost, [7; 16], move || Ok(password(index)))
        };
        let scrypt = |index: usize| {
            let cost = scrypt::Cost {
                n: 1024 << (index % 3),
                r: 8,
                p: 1 + u32::from(index == 2),
            };
            Scrypt::work(cost, secret(b"salt"), 40, move || Ok(password(index)))
        };
        let sha256 = |index: usize| {
            let iterations = 1 + 3000 * u32::try_from(index % 4).expect("small");
            Pbkdf2::work(
                Sha256::default(),
                secret(b"salt"),
                iterations,
                80,
                move || Ok(password(index)),
            )
        };
        let sha512 = |index: usize| {
            let iterations = 1 + 2500 * u32::try_from(index % 4).expect("small");
            Pbkdf2::work(
                Sha512::default(),
                secret(b"salt"),
                iterations,
                80,
                move || Ok(password(index)),
            )
        };
        macro_rules! check {
            ($work:ident, $kind:ident) => {
                let together = in_company((0..10).map($work).collect(), most);
                for (index, key) in together.into_iter().enumerate() {
                    assert_eq!(
                        key,
                        alone(AnyWork::$kind($work(index))),
                        "{index} of {most}"
                    );
                }
            };
        }
        check!(bcrypt, Bcrypt);
        check!(scrypt, Scrypt);
        check!(sha256, Pbkdf2Sha256);
        check!(sha512, Pbkdf2Sha512);
    }
}

proptest! {
    /// No string crashes the parser, and an error says where.
    #[test]
    fn hostile_hashes(hash in ".{0,80}") {
        let error = StoredHash::parse(&hash).expect_err("no hash by chance");
        prop_assert_eq!(error.code(), "ERR_OFFLOOP_HASH_FORMAT");
    }

    #[test]
    fn hostile_changes_of_a_hash(index in 0usize..5, at in 0usize..200, with in any::<char>(), cut: bool) {
        let hash = new_hash(CHEAP[index], b"password", None).expect("nothing fails");
        let at = at % hash.len();
        let end = if cut { hash.len() } else { at + 1 };
        let changed = format!("{}{with}{}", &hash[..at], &hash[end..]);
        match verify(&changed, b"password") {
            // The same salt and output in other base64, or as a shorter output, of which scrypt and
            // PBKDF2 make the longer one.
            Ok(true) => {
                let shorter = hash.starts_with(changed.trim_end_matches(with)) && !matches!(index, 0 | 2);
                prop_assert!(changed == hash || shorter || "=.+".contains(with), "{} for {}", changed, hash);
            }
            Ok(false) => {}
            Err(error) => prop_assert_eq!(error.code(), "ERR_OFFLOOP_HASH_FORMAT", "{}", changed),
        }
    }

    #[test]
    fn argon2_against_an_oracle(
        message in prop::collection::vec(any::<u8>(), 0..200),
        memory in 8u32..300, passes in 1u32..4, parallelism in 1u32..5, length in 4usize..200,
        kind in 0usize..3,
    ) {
        let memory = memory.max(8 * parallelism);
        let variants = [
            (Variant::Argon2d, ::argon2::Algorithm::Argon2d),
            (Variant::Argon2i, ::argon2::Algorithm::Argon2i),
            (Variant::Argon2id, ::argon2::Algorithm::Argon2id),
        ];
        let (variant, oracle) = variants[kind];
        for (version, number) in [(Version::V10, ::argon2::Version::V0x10), (Version::V13, ::argon2::Version::V0x13)] {
            let params = ::argon2::Params::new(memory, passes, parallelism, Some(length)).expect("valid");
            let mut expected = vec![0; length];
            ::argon2::Argon2::new(oracle, number, params)
                .hash_password_into(&message, b"a salt of 16 by.", &mut expected)
                .expect("valid");
            let inputs = Inputs {
                message: secret(&message),
                nonce: secret(b"a salt of 16 by."),
                ..Inputs::default()
            };
            let cost = argon2::Cost { memory, passes, parallelism };
            let work = Argon2::work(variant, version, cost, inputs, length);
            prop_assert_eq!(alone(AnyWork::Argon2(work)), expected);
        }
    }

    #[test]
    fn scrypt_against_an_oracle(
        password in prop::collection::vec(any::<u8>(), 0..200),
        log_n in 1u8..9, r in 1u32..17, p in 1u32..4, length in 1usize..200,
    ) {
        prop_assume!(u32::from(log_n) < 16 * r);
        let params = ::scrypt::Params::new(log_n, r, p).expect("valid");
        let mut expected = vec![0; length];
        ::scrypt::scrypt(&password, b"salt", &params, &mut expected).expect("valid");
        let cost = scrypt::Cost { n: 1 << log_n, r, p };
        let own = secret(&password);
        let work = Scrypt::work(cost, secret(b"salt"), length, || Ok(own));
        prop_assert_eq!(alone(AnyWork::Scrypt(work)), expected);
    }

    #[test]
    fn bcrypt_against_an_oracle(password in prop::collection::vec(any::<u8>(), 0..80), salt: [u8; 16]) {
        // The oracle takes the terminating zero as part of the password.
        let mut terminated = password.clone();
        terminated.push(0);
        terminated.truncate(72);
        let expected = ::bcrypt::bcrypt(4, salt, &terminated);
        let own = secret(&password);
        let hash = alone(AnyWork::Bcrypt(Bcrypt::work(4, salt, || Ok(own))));
        prop_assert_eq!(hash, expected[..23].to_vec());
    }
}
