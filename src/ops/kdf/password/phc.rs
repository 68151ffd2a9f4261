//! The forms of stored hashes.
//!
//! Written is the PHC string format (<https://github.com/P-H-C/phc-string-format>), and bcrypt's own.
//! Read are also those of other packages: parameters in any order, Argon2 without a version, padded
//! base64, and the PBKDF2 of passlib and Django.

use std::sync::LazyLock;

use data_encoding::{BASE64_NOPAD, Encoding, Specification};

use super::super::{Secret, argon2, scrypt};
use super::fields::{Field, Fields, built, given, malformed};
use super::{Cost, StoredHash, Variant, Version};
use crate::error::Error;
use crate::ops::digest::Algorithm;

/// Bytes of a string at most; an honest one has about 100.
const LONGEST: usize = 4096;

/// `$2b$10$`, before the salt.
const BCRYPT_HEAD: usize = 7;
const BCRYPT_LENGTH: usize = BCRYPT_HEAD + BCRYPT_SALT + BCRYPT_OUTPUT;
const BCRYPT_SALT: usize = 22;
const BCRYPT_OUTPUT: usize = 31;

pub(super) fn encode(cost: Cost, salt: &[u8], output: &[u8]) -> String {
    let head = match cost {
        Cost::Argon2(variant, version, cost) => format!(
            "${}$v={}$m={},t={},p={}",
            variant.name(),
            version as u32,
            cost.memory,
            cost.passes,
            cost.parallelism
        ),
        Cost::Scrypt(cost) => {
            format!(
                "$scrypt$ln={},r={},p={}",
                cost.n.trailing_zeros(),
                cost.r,
                cost.p
            )
        }
        Cost::Bcrypt(cost) => {
            let base64 = &BCRYPT_BASE64;
            return format!(
                "$2b${cost:02}${}{}",
                base64.encode(salt),
                base64.encode(output)
            );
        }
        Cost::Pbkdf2(algorithm, iterations) => {
            format!("$pbkdf2-{}$i={iterations}", algorithm.name())
        }
    };
    format!(
        "{head}${}${}",
        BASE64_NOPAD.encode(salt),
        BASE64_NOPAD.encode(output)
    )
}

pub(super) fn parse(text: &str) -> Result<StoredHash, Error> {
    if text.len() > LONGEST {
        return Err(malformed(
            &format!("at most {LONGEST} bytes"),
            format!("{}", text.len()),
            None,
        ));
    }
    let mut fields = Fields { text, offset: 0 };
    if !text.starts_with('$') {
        return django(&mut fields);
    }
    fields.next("a hash")?;
    let id = fields.next("the name of an algorithm")?;
    match id.text {
        "argon2id" => argon2(&mut fields, Variant::Argon2id),
        "argon2i" => argon2(&mut fields, Variant::Argon2i),
        "argon2d" => argon2(&mut fields, Variant::Argon2d),
        "scrypt" => scrypt(&mut fields),
        "2a" | "2b" | "2y" => bcrypt(text),
        "pbkdf2-sha256" => pbkdf2(&mut fields, Algorithm::Sha256),
        "pbkdf2-sha512" => pbkdf2(&mut fields, Algorithm::Sha512),
        // Not shown, not even a number: where the arguments were mixed up, it is a password.
        _ => Err(id.unfit(
            "argon2id, argon2i, argon2d, scrypt, 2a, 2b, 2y, pbkdf2-sha256 or pbkdf2-sha512",
            "another text".to_owned(),
        )),
    }
}

fn argon2(fields: &mut Fields<'_>, variant: Variant) -> Result<StoredHash, Error> {
    let mut parameters = fields.next("parameters")?;
    // Before version 1.3 none was written.
    let mut version = Version::V10;
    if let Some(number) = parameters.text.strip_prefix("v=") {
        version = match number {
            "19" => Version::V13,
            "16" => Version::V10,
            _ => return Err(parameters.unlike("v=19 or v=16")),
        };
        parameters = fields.next("parameters")?;
    }
    let [m, t, p, data, keyid] = parameters.parameters(["m", "t", "p", "data", "keyid"])?;
    let parallelism = given(parameters, p, "p")?.number32("p", 1..=(1 << 24) - 1)?;
    let passes = given(parameters, t, "t")?.number32("t", 1..=u32::MAX)?;
    let memory = given(parameters, m, "m")?.number32("m", 8 * parallelism..=u32::MAX)?;
    let associated_data = data.map_or(Ok(Secret::default()), |data| data.base64("data"))?;
    // Which key was used is the application's to know.
    keyid.map_or(Ok(Secret::default()), |keyid| keyid.base64("keyid"))?;
    let (salt, output) = fields.salt_and_output(8)?;
    let cost = argon2::Cost {
        memory,
        passes,
        parallelism,
    };
    Ok(StoredHash {
        cost: Cost::Argon2(variant, version, cost),
        salt,
        output,
        associated_data,
    })
}

fn scrypt(fields: &mut Fields<'_>) -> Result<StoredHash, Error> {
    let parameters = fields.next("parameters")?;
    let [ln, r, p] = parameters.parameters(["ln", "r", "p"])?;
    let ln = given(parameters, ln, "ln")?.number32("ln", 1..=63)?;
    // RFC 7914, section 6: p is at most (2^32 - 1) * 32 / (128 * r).
    let r = given(parameters, r, "r")?.number32("r", 1..=(1 << 30) - 1)?;
    let p = given(parameters, p, "p")?.number32("p", 1..=((1 << 30) - 1) / r)?;
    // And N is less than 2^(128 * r / 8).
    if u64::from(ln) >= 16 * u64::from(r) {
        return Err(parameters.unlike("an ln of less than 16 * r"));
    }
    let (salt, output) = fields.salt_and_output(0)?;
    let cost = Cost::Scrypt(scrypt::Cost { n: 1 << ln, r, p });
    Ok(StoredHash {
        cost,
        salt,
        output,
        associated_data: Secret::default(),
    })
}

/// The PHC form `i=N`, with an optional `l=LENGTH`; or passlib's, where the number stands alone.
fn pbkdf2(fields: &mut Fields<'_>, algorithm: Algorithm) -> Result<StoredHash, Error> {
    let parameters = fields.next("parameters")?;
    let mut length = None;
    let iterations = if parameters.text.contains('=') {
        let [i, l] = parameters.parameters(["i", "l"])?;
        length = l;
        given(parameters, i, "i")?
    } else {
        parameters
    };
    let iterations = iterations.number32("the iterations", 1..=u32::MAX)?;
    let (salt, output) = fields.salt_and_output(0)?;
    if let Some(length) = length {
        let bytes = output.len() as u64;
        length.number("l, the length of the output,", bytes..=bytes)?;
    }
    Ok(StoredHash {
        cost: Cost::Pbkdf2(algorithm, iterations),
        salt,
        output,
        associated_data: Secret::default(),
    })
}

/// `pbkdf2_sha256$N$SALT$OUTPUT`, whose salt is text.
fn django(fields: &mut Fields<'_>) -> Result<StoredHash, Error> {
    let id = fields.next("a hash")?;
    let algorithm = match id.text {
        "pbkdf2_sha256" => Algorithm::Sha256,
        // Not Django's own, but written by projects that added it.
        "pbkdf2_sha512" => Algorithm::Sha512,
        _ => {
            return Err(id.unfit(
                "a PHC string, which begins with a dollar sign,",
                "another text".to_owned(),
            ));
        }
    };
    let iterations = fields
        .next("the iterations")?
        .number32("the iterations", 1..=u32::MAX)?;
    let salt = fields.next("a salt")?;
    if salt.text.is_empty() {
        return Err(salt.unfit("a salt", "none".to_owned()));
    }
    let output = fields.output()?;
    let salt = Secret::new(salt.text.as_bytes().to_vec());
    Ok(StoredHash {
        cost: Cost::Pbkdf2(algorithm, iterations),
        salt,
        output,
        associated_data: Secret::default(),
    })
}

fn bcrypt(text: &str) -> Result<StoredHash, Error> {
    if text.len() != BCRYPT_LENGTH || !text.is_ascii() {
        let received = format!("{} bytes", text.len());
        return Err(malformed("60 ASCII characters of bcrypt", received, None));
    }
    let cost = Field {
        text: &text[4..6],
        offset: 4,
    };
    let cost = cost.number32("the cost", 4..=31)?;
    if &text[6..BCRYPT_HEAD] != "$" {
        return Err(malformed(
            "a dollar sign",
            "another character".to_owned(),
            Some(6),
        ));
    }
    let decode = |what: &str, from: usize, length: usize, encoding: &Encoding| {
        encoding
            .decode(&text.as_bytes()[from..from + length])
            .map_err(|error| {
                let expected = format!("{what} in bcrypt's base64");
                malformed(
                    &expected,
                    "something else".to_owned(),
                    Some(from + error.position),
                )
            })
    };
    // Some software wrote salts whose last bits are not zero; no implementation looks at them.
    let salt = decode("a salt", BCRYPT_HEAD, BCRYPT_SALT, &BCRYPT_BASE64_LOOSE)?;
    let output = decode(
        "an output",
        BCRYPT_HEAD + BCRYPT_SALT,
        BCRYPT_OUTPUT,
        &BCRYPT_BASE64,
    )?;
    Ok(StoredHash {
        cost: Cost::Bcrypt(cost),
        salt: Secret::new(salt),
        output: Secret::new(output),
        associated_data: Secret::default(),
    })
}

/// bcrypt's alphabet.
static BCRYPT_BASE64: LazyLock<Encoding> = LazyLock::new(|| bcrypt_base64(true));
static BCRYPT_BASE64_LOOSE: LazyLock<Encoding> = LazyLock::new(|| bcrypt_base64(false));

fn bcrypt_base64(check_trailing_bits: bool) -> Encoding {
    let mut base64 = Specification::new();
    base64
        .symbols
        .push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    base64.check_trailing_bits = check_trailing_bits;
    built(&base64)
}
