//! The parts of a stored hash, each with its place, so that an error says where.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use data_encoding::{BASE64_NOPAD, Encoding, Specification};

use super::super::Secret;
use crate::error::{Error, ErrorKind};

/// Bytes of an output: less could be guessed.
const OUTPUTS: RangeInclusive<usize> = 10..=1024;

pub(super) fn malformed(expected: &str, received: String, byte_offset: Option<usize>) -> Error {
    ErrorKind::HashFormat {
        expected: expected.to_owned(),
        received,
        byte_offset,
    }
    .into()
}

/// What is left of the string, between dollar signs.
pub(super) struct Fields<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

/// A part of the string, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn next(&mut self, expected: &str) -> Result<Field<'a>, Error> {
        if self.offset > self.text.len() {
            return Err(malformed(
                expected,
                "its end".to_owned(),
                Some(self.text.len()),
            ));
        }
        let rest = &self.text[self.offset..];
        let length = rest.find('$').unwrap_or(rest.len());
        let field = Field {
            text: &rest[..length],
            offset: self.offset,
        };
        self.offset += length + 1;
        Ok(field)
    }

    /// The salt and the output, which are the last.
    pub(super) fn salt_and_output(
        &mut self,
        shortest_salt: usize,
    ) -> Result<(Secret, Secret), Error> {
        let field = self.next("a salt")?;
        let salt = field.base64("a salt")?;
        if salt.len() < shortest_salt {
            let expected = format!("a salt of at least {shortest_salt} bytes");
            return Err(field.unfit(&expected, format!("one of {}", salt.len())));
        }
        Ok((salt, self.output()?))
    }

    pub(super) fn output(&mut self) -> Result<Secret, Error> {
        let field = self.next("an output")?;
        let output = field.base64("an output")?;
        if !OUTPUTS.contains(&output.len()) {
            return Err(field.unfit(
                "an output of 10 to 1024 bytes",
                format!("one of {}", output.len()),
            ));
        }
        if self.offset <= self.text.len() {
            return Err(malformed(
                "its end",
                "another field".to_owned(),
                Some(self.offset - 1),
            ));
        }
        Ok(output)
    }
}

impl<'a> Field<'a> {
    /// Another text was expected here. It is shown where it is a number; anything else may be a
    /// password, where the arguments were mixed up.
    pub(super) fn unlike(self, expected: &str) -> Error {
        let digits = self.text.bytes().all(|byte| byte.is_ascii_digit());
        let received = match self.text {
            "" => "nothing",
            number if digits && number.len() <= 20 => number,
            _ => "another text",
        };
        self.unfit(expected, received.to_owned())
    }

    pub(super) fn unfit(self, expected: &str, received: String) -> Error {
        malformed(expected, received, Some(self.offset))
    }

    /// The parameters between commas, in any order, each at most once and all of them in `names`.
    pub(super) fn parameters<const N: usize>(
        self,
        names: [&str; N],
    ) -> Result<[Option<Field<'a>>; N], Error> {
        let mut found = [None; N];
        let mut offset = self.offset;
        for text in self.text.split(',') {
            let parameter = Field { text, offset };
            offset += text.len() + 1;
            let place = text.split_once('=').and_then(|(name, value)| {
                Some((names.iter().position(|known| *known == name)?, value))
            });
            let Some((index, value)) = place else {
                return Err(
                    parameter.unlike(&format!("one of the parameters {}", names.join(", ")))
                );
            };
            if found[index].is_some() {
                return Err(parameter.unlike(&format!("{} once", names[index])));
            }
            let offset = parameter.offset + text.len() - value.len();
            found[index] = Some(Field {
                text: value,
                offset,
            });
        }
        Ok(found)
    }

    /// A decimal number.
    pub(super) fn number(self, name: &str, range: RangeInclusive<u64>) -> Result<u64, Error> {
        let digits = !self.text.is_empty() && self.text.bytes().all(|byte| byte.is_ascii_digit());
        let number = self
            .text
            .parse()
            .ok()
            .filter(|number| digits && range.contains(number));
        number.ok_or_else(|| {
            self.unlike(&format!(
                "a number from {} to {} for {name}",
                range.start(),
                range.end()
            ))
        })
    }

    pub(super) fn number32(self, name: &str, range: RangeInclusive<u32>) -> Result<u32, Error> {
        let number = self.number(name, u64::from(*range.start())..=u64::from(*range.end()))?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Base64 in the standard alphabet or passlib's, padded or not.
    pub(super) fn base64(self, what: &str) -> Result<Secret, Error> {
        let digits = self.text.trim_end_matches('=');
        BASE64
            .decode(digits.as_bytes())
            .map(Secret::new)
            .map_err(|error| {
                let expected = format!("{what} in base64");
                let offset = Some(self.offset + error.position);
                malformed(&expected, "something else".to_owned(), offset)
            })
    }
}

/// The parameter, which must be there.
pub(super) fn given<'a>(
    parameters: Field<'a>,
    value: Option<Field<'a>>,
    name: &str,
) -> Result<Field<'a>, Error> {
    value.ok_or_else(|| parameters.unlike(&format!("the parameter {name}")))
}

/// The standard alphabet, with passlib's dot for the plus sign.
static BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut base64 = BASE64_NOPAD.specification();
    base64.translate.from.push('.');
    base64.translate.to.push('+');
    built(&base64)
});

/// An alphabet that is known to be one.
pub(super) fn built(specification: &Specification) -> Encoding {
    let encoding = specification.encoding();
    encoding.unwrap_or_else(|error| unreachable!("64 symbols, each once: {error}"))
}
