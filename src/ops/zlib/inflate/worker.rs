//! What each thread of a job does. Who does what is in [`super::state`].

use crc32fast::Hasher;

use super::Runner;
use super::blocks::{Blocks, Pause};
use super::checksum::Piece;
use super::find::find;
use super::front::Front;
use super::job::Job;
use super::marked::{Marked, Meaning};
use super::state::Outcome;

/// Bytes decoded before they are checksummed, which they are while the second-level cache has them,
/// and before the thread looks whether anybody waits for them still.
const STRETCH: usize = 128 << 10;
/// Room behind a stretch: for a round of the fast loop, or a stored block.
const ROOM: usize = 1 << 12;
/// Bits searched before the thread looks whether its chunk is still wanted.
const SEARCHED: u64 = 8 * (64 << 10);

/// One thread.
pub(super) struct Worker<'j, 'a, 'o, R> {
    job: &'j Job<'a, 'o, R>,
    /// Where it decodes.
    blocks: Blocks<'a>,
    /// Made as the first part is adopted.
    meaning: Option<Meaning>,
}

impl<'j, 'a, 'o, R: Runner> Worker<'j, 'a, 'o, R> {
    /// A thread that has done nothing yet.
    pub(super) fn new(job: &'j Job<'a, 'o, R>) -> Self {
        Self {
            job,
            blocks: Blocks::new(job.input),
            meaning: None,
        }
    }

    /// Decodes bytes from the front on, until it reaches a chunk or the end.
    pub(super) fn plain(&mut self, mut front: Front<'o>) {
        self.blocks.seek(front.position);
        let start = front.written();
        let mut hasher = Hasher::new();
        // At the beginning of the block.
        let mut whole = (start, hasher.clone());
        loop {
            let from = front.at;
            let stop = from + STRETCH;
            let pause = self.blocks.advance(front.output, &mut front.at, stop);
            hasher.update(&front.output[from..front.at]);
            match pause {
                Pause::Stop => {
                    if self.job.is_cancelled() {
                        return;
                    }
                }
                Pause::Between => {
                    whole = (front.written(), hasher.clone());
                    front.position = self.blocks.position();
                    if self.job.is_cancelled() {
                        return;
                    }
                    let mut state = self.job.lock();
                    if state.outcome.is_some() {
                        return;
                    }
                    let taken = state.taken();
                    if state.arrives(&front, &self.job.plan) {
                        state.pieces.push(Piece::new(start, hasher));
                        state.give_back(front);
                        drop(state);
                        self.job.wake.notify_all();
                        return;
                    }
                    if state.taken() < taken {
                        // Others may take chunks again.
                        self.job.wake.notify_all();
                    }
                }
                Pause::Last => {
                    self.job.lock().pieces.push(Piece::new(start, hasher));
                    self.job.finish(Outcome::Done {
                        position: self.blocks.position(),
                        written: front.written(),
                    });
                    return;
                }
                Pause::Full => {
                    let (written, hasher) = whole;
                    self.job.lock().pieces.push(Piece::new(start, hasher));
                    self.job.finish(Outcome::Full {
                        position: front.position,
                        written,
                    });
                    return;
                }
                Pause::Invalid => return self.job.finish(Outcome::Declined),
            }
        }
    }

    /// Decodes `chunk`.
    pub(super) fn ahead(&mut self, chunk: u64) {
        let job = self.job;
        let spare = job.lock().spare.pop();
        let Some(mut part) = spare.or_else(|| Marked::new(job.plan.typical)) else {
            let mut state = job.lock();
            state.give_up(chunk);
            state.take_no_more(&job.plan);
            return;
        };
        let Some(start) = self.first_block(chunk, &mut part) else {
            let mut state = job.lock();
            state.finds_nothing(chunk, &job.plan);
            state.spare.push(part);
            drop(state);
            // The front may be free, and this chunk have been in its way.
            job.wake.notify_all();
            return;
        };
        let end = (chunk + 1) * job.plan.chunk;
        let mut done = part.last;
        loop {
            let mut state = job.lock();
            if let Some(front) = state.take_front(chunk, start) {
                drop(state);
                job.wake.notify_all();
                return self.adopt(front, part, !done);
            }
            if !state.wants(chunk) {
                state.spare.push(part);
                return;
            }
            if done || part.position >= end {
                state.decoded(chunk, part);
                drop(state);
                return job.wake.notify_all();
            }
            drop(state);
            if job.is_cancelled() {
                return;
            }
            match self.block(&mut part) {
                Some(Pause::Between) => {}
                Some(_) => done = true,
                None => return,
            }
        }
    }

    /// Finds the first block of `chunk` and decodes it to `part`. Returns where it begins; `None`
    /// where there is none, or nobody wants it any more.
    fn first_block(&mut self, chunk: u64, part: &mut Marked) -> Option<u64> {
        let mut place = chunk * self.job.plan.chunk;
        let end = place + self.job.plan.chunk;
        while place < end {
            let stop = end.min(place + SEARCHED);
            let Some(start) = find(self.job.input, place, stop) else {
                place = stop;
                if self.job.is_cancelled() || !self.job.lock().wants(chunk) {
                    return None;
                }
                continue;
            };
            self.blocks.seek(start);
            part.begin(start);
            if self.block(part)? == Pause::Between {
                return self.job.lock().starts(chunk, start).then_some(start);
            }
            place = start + 1;
        }
        None
    }

    /// Decodes a block to `part`. Where it does not end well, the part is as it was before. `None`
    /// where nobody waits any more.
    fn block(&mut self, part: &mut Marked) -> Option<Pause> {
        let mut at = part.end;
        loop {
            let stop = at + STRETCH;
            part.make_room(stop + ROOM, self.job.plan.room);
            match self.blocks.advance(part.output(), &mut at, stop) {
                Pause::Stop => {
                    if self.job.is_cancelled() || self.job.lock().outcome.is_some() {
                        return None;
                    }
                }
                pause @ (Pause::Between | Pause::Last) => {
                    part.end = at;
                    part.position = self.blocks.position();
                    part.last = pause == Pause::Last;
                    return Some(pause);
                }
                pause => return Some(pause),
            }
        }
    }

    /// Moves the front past `part`, and replaces its markers. The thread keeps the front if `keep`:
    /// then `blocks` are behind the part.
    pub(super) fn adopt(&mut self, front: Front<'o>, part: Marked, keep: bool) {
        let job = self.job;
        let Some(meaning) = self.meaning.take().or_else(Meaning::new) else {
            return job.finish(Outcome::Declined);
        };
        let meaning = self.meaning.insert(meaning);
        let (front, body) = match front.adopt(&part, meaning) {
            Ok(adopted) => adopted,
            Err(front) => {
                return job.finish(Outcome::Full {
                    position: front.position,
                    written: front.written(),
                });
            }
        };
        let kept = self.pass_on(front, &part, keep);
        self.replace(body.output, body.offset, &part);
        job.lock().spare.push(part);
        if let Some(front) = kept {
            self.plain(front);
        }
    }

    /// Says that the front is behind `part`, whose last window is written. Comes back with it where
    /// this thread goes on with it.
    fn pass_on(&self, front: Front<'o>, part: &Marked, keep: bool) -> Option<Front<'o>> {
        let job = self.job;
        let tail = front.at - part.decoded().len().min(front.at);
        let mut hasher = Hasher::new();
        hasher.update(&front.output[tail..front.at]);
        let mut state = job.lock();
        state.pieces.push(Piece::new(front.offset + tail, hasher));
        if part.last {
            drop(state);
            job.finish(Outcome::Done {
                position: part.position,
                written: front.written(),
            });
            return None;
        }
        if !state.arrives(&front, &job.plan) && keep {
            return Some(front);
        }
        state.give_back(front);
        drop(state);
        job.wake.notify_all();
        None
    }

    /// Replaces the markers of `part` but for its last window. `output` begins at `offset`.
    fn replace(&self, output: &mut [u8], offset: usize, part: &Marked) {
        let Some(meaning) = &self.meaning else {
            return;
        };
        let mut hasher = Hasher::new();
        let symbols = &part.decoded()[..output.len()];
        for (output, symbols) in output.chunks_mut(STRETCH).zip(symbols.chunks(STRETCH)) {
            meaning.resolve(symbols, output);
            hasher.update(output);
            if self.job.is_cancelled() {
                return;
            }
        }
        self.job.lock().pieces.push(Piece::new(offset, hasher));
    }
}
