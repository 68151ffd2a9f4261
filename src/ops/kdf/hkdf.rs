//! HKDF, RFC 5869.

use zeroize::Zeroizing;

use super::Secret;
use crate::error::{Error, ErrorKind};
use crate::ops::digest::{Algorithm, Digest};

/// A key of `length` bytes, at most 255 times the digest's, of the input keying material `ikm`.
pub fn hkdf(
    algorithm: Algorithm,
    ikm: &[u8],
    salt: &[u8],
    info: &[u8],
    length: usize,
) -> Result<Secret, Error> {
    // Section 2.2. Without a salt the key is zeros, which is what HMAC makes of an empty one.
    let mut extract = Digest::hmac(algorithm, salt)?;
    extract.update(ikm);
    let pseudorandom_key = Zeroizing::new(extract.finish_fixed());
    // Section 2.3.
    let longest = 255 * algorithm.digest_length();
    if length > longest {
        return Err(ErrorKind::InvalidArgument {
            name: "keylen",
            expected: format!("at most {longest}, 255 digests of {},", algorithm.name()),
            received: length.to_string(),
        }
        .into());
    }
    let keyed = Digest::hmac(algorithm, &pseudorandom_key)?;
    let mut key = Zeroizing::new(vec![0; length]);
    let mut previous = Secret::default();
    for (number, out) in (1..=255u8).zip(key.chunks_mut(algorithm.digest_length())) {
        let mut expand = keyed.clone();
        expand.update(&previous);
        expand.update(info);
        expand.update(&[number]);
        previous = Zeroizing::new(expand.finish_fixed());
        out.copy_from_slice(&previous[..out.len()]);
    }
    Ok(key)
}
