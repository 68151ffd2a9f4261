//! Which values of a record are wanted: a tree of keys.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::pointer;
use super::unescape::{Lone, has_escapes, unescape};
use crate::error::{Error, ErrorKind};
use crate::ops::columns::digits;

/// The most keys of one path: so deep the walk over a record nests.
const MOST_REFERENCES: usize = 500;

/// The most keys whose order is remembered.
const MOST_REMEMBERED: usize = 1024;

/// Where in a record a value is.
pub(super) type Path = Vec<Vec<u8>>;

/// The wanted values of a record. Each has a slot.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    nodes: Vec<Node>,
    pub(super) slots: usize,
}

/// A value on the way to wanted ones.
#[derive(Clone, Debug, Default)]
struct Node {
    /// The slots that it fills itself.
    slots: Vec<usize>,
    /// What is wanted of its members, by key.
    members: HashMap<Vec<u8>, usize, RandomState>,
    /// What is wanted of its elements.
    elements: Vec<(u64, usize)>,
    /// All slots below it.
    below: Vec<usize>,
}

impl Plan {
    /// The root of the tree.
    pub(super) const ROOT: usize = 0;

    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            slots: 0,
        }
    }

    /// Wants the value at `path`, whose slot this gives.
    pub(super) fn want(&mut self, path: &[Vec<u8>]) -> usize {
        let slot = self.slots;
        self.slots += 1;
        let mut at = Self::ROOT;
        for reference in path {
            self.nodes[at].below.push(slot);
            at = self.child(at, reference);
        }
        self.nodes[at].slots.push(slot);
        slot
    }

    fn child(&mut self, at: usize, reference: &[u8]) -> usize {
        if let Some(&child) = self.nodes[at].members.get(reference) {
            return child;
        }
        let child = self.nodes.len();
        self.nodes.push(Node::default());
        let node = &mut self.nodes[at];
        node.members.insert(reference.to_vec(), child);
        // In an array a number is that of an element.
        if let Some(number) = pointer::element(reference) {
            node.elements.push((number, child));
        }
        child
    }

    pub(super) fn slots_of(&self, node: usize) -> &[usize] {
        &self.nodes[node].slots
    }

    /// All slots of what is in `node`.
    pub(super) fn below(&self, node: usize) -> &[usize] {
        &self.nodes[node].below
    }

    pub(super) fn element(&self, node: usize, number: u64) -> Option<usize> {
        let elements = &self.nodes[node].elements;
        elements
            .iter()
            .find(|(wanted, _)| *wanted == number)
            .map(|(_, child)| *child)
    }

    pub(super) fn has_elements(&self, node: usize) -> bool {
        !self.nodes[node].elements.is_empty()
    }
}

/// What members were like up to now: records have the same keys in the same order, more often than
/// not.
#[derive(Debug, Default)]
pub(super) struct Memories {
    nodes: Vec<Memory>,
    unescaped: Vec<u8>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Keys as they are written, and what is wanted of each.
    keys: Vec<(Box<[u8]>, Option<usize>)>,
    /// Where each of them is.
    places: HashMap<Box<[u8]>, usize, RandomState>,
}

impl Memories {
    /// What is wanted of the member of `node` whose key is written as `inner`. `expected` is where
    /// its key is looked for first, and becomes where the next one is.
    #[inline]
    pub(super) fn child(
        &mut self,
        plan: &Plan,
        node: usize,
        inner: &[u8],
        expected: &mut usize,
    ) -> Option<usize> {
        if self.nodes.len() < plan.nodes.len() {
            self.nodes.resize_with(plan.nodes.len(), Memory::default);
        }
        let memory = &mut self.nodes[node];
        if let Some((key, child)) = memory.keys.get(*expected)
            && is_same(key, inner)
        {
            *expected += 1;
            return *child;
        }
        if let Some(&place) = memory.places.get(inner) {
            *expected = place + 1;
            return memory.keys[place].1;
        }
        let members = &plan.nodes[node].members;
        let child = if has_escapes(inner) {
            self.unescaped.clear();
            unescape(inner, Lone::Replaced, &mut self.unescaped);
            members.get(&*self.unescaped).copied()
        } else {
            members.get(inner).copied()
        };
        if memory.keys.len() < MOST_REMEMBERED {
            *expected = memory.keys.len() + 1;
            memory.places.insert(inner.into(), memory.keys.len());
            memory.keys.push((inner.into(), child));
        }
        child
    }
}

/// Whether two keys are the same; of short ones without a call.
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > 16 {
        return a == b;
    }
    digits::word(a) == digits::word(b) && a.last_chunk::<8>() == b.last_chunk::<8>()
}

/// The paths that a column's name may mean, the one that counts first: a pointer, or a key, in which
/// dots may separate keys.
pub(super) fn paths_of(name: &str) -> Result<Vec<Path>, Error> {
    let bytes = name.as_bytes();
    if let Some(rest) = bytes.strip_prefix(b"/") {
        let path: Option<Path> = rest
            .split(|byte| *byte == b'/')
            .map(pointer::unescape)
            .collect();
        let path = path.ok_or_else(|| {
            pointer::refused("`~0` or `~1` for every `~` in a JSON pointer", bytes)
        })?;
        return Ok(vec![checked(path)?]);
    }
    let mut paths = vec![vec![bytes.to_vec()]];
    if bytes.contains(&b'.') {
        let path = bytes.split(|byte| *byte == b'.').map(<[u8]>::to_vec);
        paths.push(checked(path.collect())?);
    }
    Ok(paths)
}

/// The parts of a path for `pluck`: what is before its first `*`, what is between each and the next,
/// and what is behind the last.
pub(super) fn starred(path: &str) -> Result<(Path, Vec<Path>, Path), Error> {
    let bytes = path.as_bytes();
    let refused = || {
        let expected =
            "a JSON pointer in which at least one `*` stands for every element of an array";
        Error::from(ErrorKind::InvalidArgument {
            name: "path",
            expected: expected.to_owned(),
            received: format!("'{path}'"),
        })
    };
    let rest = bytes.strip_prefix(b"/").ok_or_else(refused)?;
    let mut parts = vec![Path::new()];
    for token in rest.split(|byte| *byte == b'/') {
        if token == b"*" {
            parts.push(Path::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(pointer::unescape(token).ok_or_else(refused)?);
        }
    }
    let Some(last) = parts.pop().filter(|_| !parts.is_empty()) else {
        return Err(refused());
    };
    let first = parts.remove(0);
    for part in parts.iter().chain([&last]) {
        checked(part.clone())?;
    }
    if parts.len() > MOST_REFERENCES {
        return Err(refused());
    }
    Ok((first, parts, last))
}

fn checked(path: Path) -> Result<Path, Error> {
    if path.len() > MOST_REFERENCES {
        return Err(ErrorKind::InvalidArgument {
            name: "path",
            expected: format!("at most {MOST_REFERENCES} keys"),
            received: format!("{}", path.len()),
        }
        .into());
    }
    Ok(path)
}
