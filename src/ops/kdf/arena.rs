//! Working memory of memory-hard functions, kept from one job to the next.
//!
//! A fresh 19 MiB costs its page faults, a third of an Argon2id at OWASP's parameters. So memory
//! that a job gives back is kept for the next one, on huge pages where the system has them.
//!
//! The next job writes all of it before it reads any. Where none comes at once the memory is wiped,
//! and after a while it goes back to the system. A thread that lives only meanwhile sees to both.

use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytemuck::Pod;
use memmap2::{MmapMut, MmapOptions};
use zeroize::Zeroize;

use crate::error::{Error, ErrorKind};

/// A huge page, where there are any.
const HUGE_PAGE: usize = 2 << 20;

/// Memory that nobody takes within this time is wiped. Longer than the time between two jobs of a
/// thread that has more to do.
const WIPED_AFTER: Duration = Duration::from_millis(10);

/// Memory that nobody takes within this time goes back to the system.
const RELEASED_AFTER: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 60 });

/// Smaller memory comes in multiples of this.
const SMALL_STEP: usize = 64 << 10;

/// The most that is kept between jobs: four of scrypt at OWASP's parameters.
const MOST_KEPT: usize = 512 << 20;

/// Memory of one job.
pub(super) struct Arena {
    /// `None` once it was given back.
    memory: Option<MmapMut>,
    /// Bytes that the job asked for.
    length: usize,
}

impl Arena {
    /// Memory of `length` bytes with any content. To be written before it is read.
    pub(super) fn take(length: usize) -> Result<Self, Error> {
        let refused = ErrorKind::OutOfMemory {
            wanted: length as u64,
        };
        let whole = if length < HUGE_PAGE {
            Some(length.max(1).next_multiple_of(SMALL_STEP))
        } else {
            // One page more, for the start of the first.
            let pages = length.checked_next_multiple_of(HUGE_PAGE);
            pages.and_then(|length| length.checked_add(HUGE_PAGE))
        };
        let Some(whole) = whole else {
            return Err(refused.into());
        };
        let mut kept = kept();
        let found = kept.take(whole);
        let taken = found.as_ref().map_or(whole, |memory| memory.len());
        kept.used += taken;
        let surplus = kept.shrink(0);
        drop(kept);
        drop(surplus);
        let Some(memory) = found.or_else(|| map(whole)) else {
            self::kept().used -= whole;
            return Err(refused.into());
        };
        Ok(Self {
            memory: Some(memory),
            length,
        })
    }

    /// All of it, as `T`s. The length is a multiple of their size.
    pub(super) fn all<T: Pod>(&mut self) -> &mut [T] {
        let memory = self.memory.as_deref_mut().unwrap_or_default();
        let place = place(memory, self.length);
        bytemuck::cast_slice_mut(&mut memory[place])
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            let dirty = place(&memory, self.length);
            keep(memory, dirty);
        }
    }
}

/// Where a job's `length` bytes are in its memory: from the first huge page on, if they fill one.
fn place(memory: &[u8], length: usize) -> Range<usize> {
    let start = if length < HUGE_PAGE {
        0
    } else {
        memory.as_ptr().align_offset(HUGE_PAGE)
    };
    start..start + length
}

fn map(length: usize) -> Option<MmapMut> {
    let memory = MmapOptions::new().len(length).map_anon().ok()?;
    #[cfg(target_os = "linux")]
    if length > 2 * HUGE_PAGE {
        // Where the system has none, small ones do.
        let _ = memory.advise(memmap2::Advice::HugePage);
    }
    Some(memory)
}

/// Memory that no job has.
struct Idle {
    memory: MmapMut,
    since: Instant,
    /// What the job has written to; nothing once it was wiped.
    dirty: Range<usize>,
}

impl Idle {
    /// When the keeper has something to do with it.
    fn due(&self) -> Instant {
        self.since
            + if self.dirty.is_empty() {
                RELEASED_AFTER
            } else {
                WIPED_AFTER
            }
    }
}

struct Kept {
    /// The one given back last at the end.
    idle: Vec<Idle>,
    bytes: usize,
    /// Bytes that jobs have.
    used: usize,
    /// What jobs have and what is kept should not come to more.
    budget: usize,
    /// When the keeper wakes; `None` where there is none.
    wakes: Option<Instant>,
}

static KEPT: Mutex<Kept> = Mutex::new(Kept {
    idle: Vec::new(),
    bytes: 0,
    used: 0,
    budget: usize::MAX,
    wakes: None,
});

/// Something is due before the keeper would have woken.
static SOONER: Condvar = Condvar::new();

fn kept() -> MutexGuard<'static, Kept> {
    // No code that can panic runs under this lock.
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on, what is kept goes back to the system where it and what jobs have come to more than
/// `bytes`, and an eighth for whole pages. 512 MiB are kept at most.
pub fn set_budget(bytes: u64) {
    let mut kept = kept();
    kept.budget = usize::try_from(bytes.saturating_add(bytes / 8)).unwrap_or(usize::MAX);
    let surplus = kept.shrink(0);
    drop(kept);
    drop(surplus);
}

impl Kept {
    /// Memory of at least `length` bytes and not much more, that which was given back last.
    fn take(&mut self, length: usize) -> Option<MmapMut> {
        let fits = |idle: &Idle| (length..=length + length / 4).contains(&idle.memory.len());
        let index = self.idle.iter().rposition(fits)?;
        let idle = self.idle.remove(index);
        self.bytes -= idle.memory.len();
        Some(idle.memory)
    }

    /// Takes out what was given back first, until what is left has room beside `more` bytes.
    fn shrink(&mut self, more: usize) -> Vec<Idle> {
        let mut surplus = Vec::new();
        while !self.has_room(more) && !self.idle.is_empty() {
            let oldest = self.idle.remove(0);
            self.bytes -= oldest.memory.len();
            surplus.push(oldest);
        }
        surplus
    }

    /// Whether `more` bytes may be kept.
    fn has_room(&self, more: usize) -> bool {
        self.bytes.saturating_add(more) <= MOST_KEPT.min(self.budget.saturating_sub(self.used))
    }
}

/// Keeps memory for the next job. What there is no room for goes back to the system, off the lock;
/// the system clears memory before it gives it to anybody else.
fn keep(memory: MmapMut, dirty: Range<usize>) {
    let mut kept = kept();
    kept.used -= memory.len();
    let surplus = kept.shrink(memory.len());
    if !kept.has_room(memory.len()) {
        drop(kept);
        return drop((memory, surplus));
    }
    kept.bytes += memory.len();
    let idle = Idle {
        memory,
        since: Instant::now(),
        dirty,
    };
    let due = idle.due();
    kept.idle.push(idle);
    match kept.wakes {
        None => {
            let keeper = std::thread::Builder::new().name("offloop-keep".to_owned());
            if keeper.spawn(look_after).is_ok() {
                kept.wakes = Some(due);
            } else {
                // Nobody would wipe it.
                let idle = kept.idle.pop();
                kept.bytes -= idle.as_ref().map_or(0, |idle| idle.memory.len());
                drop(kept);
                return drop(idle);
            }
        }
        Some(wakes) if wakes > due => SOONER.notify_one(),
        Some(_) => {}
    }
    drop(kept);
    drop(surplus);
}

/// The life of the thread that wipes and releases, until nothing is kept. A job's thread started it,
/// whose low priority it has inherited.
fn look_after() {
    let mut kept = kept();
    loop {
        let now = Instant::now();
        if let Some(index) = kept.idle.iter().position(|idle| idle.due() <= now) {
            let mut idle = kept.idle.remove(index);
            let length = idle.memory.len();
            kept.bytes -= length;
            if idle.dirty.is_empty() {
                drop(kept);
                drop(idle);
                kept = self::kept();
                continue;
            }
            // It is still there, as if a job had it.
            kept.used += length;
            drop(kept);
            let dirty = std::mem::take(&mut idle.dirty);
            bytemuck::cast_slice_mut::<u8, u64>(&mut idle.memory[dirty]).zeroize();
            kept = self::kept();
            kept.used -= length;
            if kept.has_room(length) {
                kept.bytes += length;
                // Before those that were given back since.
                kept.idle.insert(0, idle);
            } else {
                drop(kept);
                drop(idle);
                kept = self::kept();
            }
            continue;
        }
        let Some(due) = kept.idle.iter().map(Idle::due).min() else {
            kept.wakes = None;
            return;
        };
        kept.wakes = Some(due);
        (kept, _) = SOONER
            .wait_timeout(kept, due.saturating_duration_since(now))
            .unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, HUGE_PAGE, RELEASED_AFTER, kept};

    /// A size that no other test takes.
    const LENGTH: usize = 5 * HUGE_PAGE + 4096;

    fn find(length: usize) -> Option<bool> {
        let kept = kept();
        let idle = kept.idle.iter().find(|idle| idle.memory.len() == length)?;
        Some(idle.dirty.is_empty())
    }

    /// Waits for what another thread does, however slow it is.
    fn until(what: impl Fn() -> bool) {
        let patience = std::time::Instant::now() + 200 * RELEASED_AFTER;
        while !what() {
            assert!(std::time::Instant::now() < patience, "it never came");
            std::thread::yield_now();
        }
    }

    #[test]
    fn memory_is_kept_for_the_next_job_and_wiped_when_none_comes() {
        let whole = LENGTH.next_multiple_of(HUGE_PAGE) + HUGE_PAGE;
        let mut arena = Arena::take(LENGTH).expect("memory");
        let address = {
            let words: &mut [u64] = arena.all();
            assert_eq!(words.len() * 8, LENGTH);
            assert_eq!(words.as_ptr().addr() % HUGE_PAGE, 0);
            words.fill(u64::MAX);
            words.as_ptr().addr()
        };
        drop(arena);
        until(|| find(whole) == Some(true));
        let mut arena = Arena::take(LENGTH).expect("memory");
        let words: &mut [u64] = arena.all();
        assert_eq!(words.as_ptr().addr(), address, "the same memory");
        assert!(words.iter().all(|word| *word == 0), "wiped");
        drop(arena);
        until(|| find(whole).is_none());
    }

    #[test]
    fn more_than_there_is_is_an_error() {
        for length in [1 << 60, usize::MAX] {
            let error = Arena::take(length).err().expect("no machine has it");
            assert_eq!(error.code(), "ERR_OFFLOOP_MEMORY_LIMIT");
        }
    }
}
