//! A JSON text that is read where and when it is asked for.

use std::borrow::Cow;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::fault::{self, BYTE_ORDER_MARK, INPUT_END};
use super::index::{self, Index, MOST_DEPTH, SEGMENT, Settings};
use super::pointer;
use super::text::{Text, Type, changed};
use super::unescape::{Lone, has_escapes, unescape};
use crate::error::Error;
use crate::pool::Context;

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions {
    /// The most arrays and objects inside one another; at most 32,000 count.
    pub max_depth: usize,
    /// Whether a byte-order mark may stand at the beginning.
    pub bom: bool,
    /// Bytes that a thread indexes at once: whole blocks of 64, and at most 64 KiB.
    pub segment: usize,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            max_depth: 1024,
            bom: false,
            segment: SEGMENT,
        }
    }
}

impl ParseOptions {
    fn settings(self, bytes: &[u8]) -> Settings {
        Settings {
            skipped: if self.bom && bytes.starts_with(BYTE_ORDER_MARK) {
                BYTE_ORDER_MARK.len()
            } else {
                0
            },
            max_depth: self.max_depth.min(MOST_DEPTH),
            segment: self.segment,
        }
    }
}

/// A text and its index.
#[derive(Debug)]
pub struct Document<B> {
    bytes: B,
    index: Index,
    root: usize,
}

/// Whether `bytes` are JSON, and if not, why.
pub fn validate(bytes: &[u8], options: ParseOptions, context: &Context<'_>) -> Result<(), Error> {
    let settings = options.settings(bytes);
    if index::check(bytes, settings, context)? {
        Ok(())
    } else {
        Err(fault(bytes, settings))
    }
}

/// Indexes `bytes`, which stay the document's.
pub fn parse<B: AsRef<[u8]>>(
    bytes: B,
    options: ParseOptions,
    context: &Context<'_>,
) -> Result<Document<B>, Error> {
    let text = bytes.as_ref();
    let settings = options.settings(text);
    let Some(index) = index::build(text, settings, context)? else {
        return Err(fault(text, settings));
    };
    let root = Text {
        bytes: text,
        index: &index,
    }
    .skip_space(settings.skipped);
    Ok(Document { bytes, index, root })
}

fn fault(bytes: &[u8], settings: Settings) -> Error {
    fault::find(bytes, settings.skipped, settings.max_depth, INPUT_END)
        .map_or_else(changed, |fault| fault.error(bytes))
}

/// A value of a document, by the position of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node(pub(super) usize);

impl Node {
    /// The value whose first byte is there, as a step has said.
    #[must_use]
    pub fn at(position: usize) -> Self {
        Self(position)
    }

    /// The position of its first byte.
    #[must_use]
    pub fn start(self) -> usize {
        self.0
    }
}

impl<B: AsRef<[u8]>> Document<B> {
    /// The text.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// Bytes of memory that the index takes.
    pub fn index_bytes(&self) -> usize {
        self.index.bytes()
    }

    /// The document over the same bytes in other hands.
    pub fn map<C: AsRef<[u8]>>(self, map: impl FnOnce(B) -> C) -> Document<C> {
        Document {
            bytes: map(self.bytes),
            index: self.index,
            root: self.root,
        }
    }

    pub(super) fn text(&self) -> Text<'_> {
        Text {
            bytes: self.bytes.as_ref(),
            index: &self.index,
        }
    }

    /// The value at a JSON pointer (RFC 6901), given in UTF-16; `None` where nothing is there. Of
    /// members with the same key the last one counts.
    pub fn find(&self, pointer: &[u16]) -> Result<Option<Node>, Error> {
        self.follow(&pointer::parse(pointer)?)
    }

    pub(super) fn follow(&self, references: &[Vec<u8>]) -> Result<Option<Node>, Error> {
        let text = self.text();
        let mut at = self.root;
        let mut unescaped = Vec::new();
        for reference in references {
            let found = match text.kind(at)? {
                Type::Object => {
                    let mut found = None;
                    for member in text.members(at) {
                        let member = member?;
                        if text.is_key(&member, reference, &mut unescaped) {
                            found = Some(member.value);
                        }
                    }
                    found
                }
                Type::Array => match pointer::element(reference) {
                    Some(number) => text.element(at, number)?,
                    None => None,
                },
                _ => None,
            };
            let Some(found) = found else {
                return Ok(None);
            };
            at = found;
        }
        Ok(Some(Node(at)))
    }

    /// What a value is.
    pub fn kind(&self, node: Node) -> Result<Type, Error> {
        self.text().kind(node.0)
    }

    /// The bytes of a value, by their positions.
    pub fn range(&self, node: Node) -> Result<(usize, usize), Error> {
        Ok((node.0, self.text().end(node.0)?))
    }

    /// The elements of an array, or the distinct keys of an object; `None` for what has neither.
    pub fn length(&self, node: Node) -> Result<Option<u64>, Error> {
        let text = self.text();
        match text.kind(node.0)? {
            Type::Array => text.count(node.0).map(Some),
            Type::Object => {
                let mut keys = HashSet::<Cow<'_, [u8]>, RandomState>::default();
                for member in text.members(node.0) {
                    let member = member?;
                    let inner = text.bytes.get(member.key + 1..member.key_end - 1);
                    let inner = inner.ok_or_else(changed)?;
                    keys.insert(if has_escapes(inner) {
                        let mut key = Vec::new();
                        unescape(inner, Lone::Kept, &mut key);
                        Cow::Owned(key)
                    } else {
                        Cow::Borrowed(inner)
                    });
                }
                Ok(Some(keys.len() as u64))
            }
            _ => Ok(None),
        }
    }

    /// A JSON text of an object that has the keys of this one, as they are written, and zeros;
    /// `None` for what is no object.
    pub fn keys(&self, node: Node) -> Result<Option<Vec<u8>>, Error> {
        let text = self.text();
        if text.kind(node.0)? != Type::Object {
            return Ok(None);
        }
        let mut keys = vec![b'{'];
        for member in text.members(node.0) {
            let member = member?;
            let key = text.bytes.get(member.key..member.key_end);
            if keys.len() > 1 {
                keys.push(b',');
            }
            keys.extend_from_slice(key.ok_or_else(changed)?);
            keys.extend_from_slice(b":0");
        }
        keys.push(b'}');
        Ok(Some(keys))
    }
}
