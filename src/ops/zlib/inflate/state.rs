//! What the threads of one job share: who decodes what.
//!
//! At any time one thread at most has the front, and decodes bytes from there. The others decode
//! chunks ahead of it, from the first block that they find in them, to symbols that may be markers.
//! Where the front reaches a chunk that is decoded, it goes past it; where it reaches one that is
//! being decoded, the thread that does so takes the front, replaces the markers it has got so far
//! and goes on with bytes, while the front's last thread goes for the next chunk. So no thread
//! waits for another one while there are chunks.

use std::collections::VecDeque;

use super::checksum::Piece;
use super::front::Front;
use super::marked::Marked;

/// How the input is cut.
pub(super) struct Plan {
    /// Bits of input in a chunk.
    pub(super) chunk: u64,
    /// How many chunks there are. The first one is the front's from the beginning.
    pub(super) chunks: u64,
    /// How many chunks may be decoded or being decoded ahead of the front.
    pub(super) pending: usize,
    /// How many symbols there is room for at first.
    pub(super) typical: usize,
    /// How many symbols a chunk may become.
    pub(super) room: usize,
}

/// After so many chunks in a row without a block that can be found, no more are searched: there are
/// streams without any.
const MOST_FRUITLESS: u32 = 16;

/// How a job ends.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// The stream is decoded, up to this bit, to so many bytes.
    Done {
        /// The bit behind the stream.
        position: u64,
        /// The bytes of output.
        written: usize,
    },
    /// The output is too short. It can go on from here, with more.
    Full {
        /// Where a block begins.
        position: u64,
        /// The bytes of output before it.
        written: usize,
    },
    /// The data are not valid, or nobody waits for them any more.
    Declined,
}

/// A chunk that a thread has taken.
struct Slot {
    /// Its number.
    chunk: u64,
    /// The bit where its first block begins, once that is found.
    start: Option<u64>,
    /// What it was decoded to, once it is.
    part: Option<Marked>,
}

/// What a thread does next.
pub(super) enum Task<'o> {
    /// Decode bytes from the front on.
    Plain(Front<'o>),
    /// Move the front past a part, and replace the part's markers.
    Adopt(Front<'o>, Marked),
    /// Decode this chunk.
    Ahead(u64),
}

/// See the module.
pub(super) struct State<'o> {
    /// The front, where no thread has it.
    front: Option<Front<'o>>,
    /// The chunks ahead of the front that threads have taken, in order.
    slots: VecDeque<Slot>,
    /// The next chunk to take.
    next: u64,
    /// The last so many chunks were searched in vain.
    fruitless: u32,
    /// How it ended.
    pub(super) outcome: Option<Outcome>,
    /// The checksums of what is written.
    pub(super) pieces: Vec<Piece>,
    /// Memory that was used, for the next chunks.
    pub(super) spare: Vec<Marked>,
}

impl<'o> State<'o> {
    /// Begins at `front`.
    pub(super) fn new(front: Front<'o>, plan: &Plan) -> Self {
        Self {
            next: front.position / plan.chunk + 1,
            front: Some(front),
            slots: VecDeque::new(),
            fruitless: 0,
            outcome: None,
            pieces: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// What a thread without work does next. `None` where there is nothing to do.
    pub(super) fn task(&mut self, plan: &Plan) -> Option<Task<'o>> {
        if let Some(front) = self.front.take() {
            match self.slots.front_mut() {
                Some(slot) if slot.start == Some(front.position) => match slot.part.take() {
                    Some(part) => {
                        self.slots.pop_front();
                        return Some(Task::Adopt(front, part));
                    }
                    // The thread that decodes this chunk takes the front.
                    None => self.front = Some(front),
                },
                _ => return Some(Task::Plain(front)),
            }
        }
        if self.next >= plan.chunks || self.slots.len() >= plan.pending {
            return None;
        }
        let chunk = self.next;
        self.next += 1;
        self.slots.push_back(Slot {
            chunk,
            start: None,
            part: None,
        });
        Some(Task::Ahead(chunk))
    }

    /// Whether the front, which is at the beginning of a block, is where a chunk was decoded from:
    /// then it is to be given back. Chunks that it went past were wrong and are given up.
    pub(super) fn arrives(&mut self, front: &Front<'o>, plan: &Plan) -> bool {
        let position = front.position;
        self.next = self.next.max(position / plan.chunk + 1);
        while let Some(slot) = self.slots.front() {
            match slot.start {
                Some(start) if start > position => return false,
                Some(start) if start == position && front.has_window() => return true,
                None if slot.chunk * plan.chunk > position => return false,
                _ => {
                    let part = self.slots.pop_front().and_then(|slot| slot.part);
                    self.spare.extend(part);
                }
            }
        }
        false
    }

    /// How many chunks threads have taken that the front is not past.
    pub(super) fn taken(&self) -> usize {
        self.slots.len()
    }

    /// Gives the front back.
    pub(super) fn give_back(&mut self, front: Front<'o>) {
        self.front = Some(front);
    }

    /// Whether `chunk` is not given up.
    pub(super) fn wants(&self, chunk: u64) -> bool {
        self.outcome.is_none() && self.slots.iter().any(|slot| slot.chunk == chunk)
    }

    /// Notes that the first block of `chunk` begins at `start`. False where it is given up.
    pub(super) fn starts(&mut self, chunk: u64, start: u64) -> bool {
        self.fruitless = 0;
        let slot = self.slots.iter_mut().find(|slot| slot.chunk == chunk);
        slot.map(|slot| slot.start = Some(start)).is_some() && self.outcome.is_none()
    }

    /// The front, where it is at `start`, for the thread that decodes `chunk` from there.
    pub(super) fn take_front(&mut self, chunk: u64, start: u64) -> Option<Front<'o>> {
        let front = self.front.take_if(|front| front.position == start)?;
        self.give_up(chunk);
        Some(front)
    }

    /// Notes what `chunk` was decoded to. Where it is given up, so is that.
    pub(super) fn decoded(&mut self, chunk: u64, part: Marked) {
        match self.slots.iter_mut().find(|slot| slot.chunk == chunk) {
            Some(slot) => slot.part = Some(part),
            None => self.spare.push(part),
        }
    }

    /// Forgets `chunk`: no block was found in it.
    pub(super) fn finds_nothing(&mut self, chunk: u64, plan: &Plan) {
        self.fruitless += 1;
        if self.fruitless >= MOST_FRUITLESS {
            self.take_no_more(plan);
        }
        self.give_up(chunk);
    }

    /// Forgets `chunk`.
    pub(super) fn give_up(&mut self, chunk: u64) {
        self.slots.retain(|slot| slot.chunk != chunk);
    }

    /// Takes no further chunks.
    pub(super) fn take_no_more(&mut self, plan: &Plan) {
        self.next = plan.chunks;
    }
}
