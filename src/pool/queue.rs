//! The waiting jobs of one lane: highest priority first, then first in, first out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use super::cancel::CancelToken;
use super::permit::Budget;
use super::{Company, Job, JobSpec};

/// The place of a job in its queue. No two jobs of a line share one, and the first to leave is the
/// least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    priority: Reverse<i32>,
    sequence: u64,
}

pub(super) struct Waiting {
    pub(super) job: Box<dyn Job>,
    pub(super) cancel: CancelToken,
    pub(super) bytes: u64,
    pub(super) company: Option<Company>,
    pub(super) since: Instant,
}

/// Jobs that declare bytes wait apart from those that do not: while the first of them waits for
/// the budget, jobs that take nothing from it pass, and other sized jobs do not. So a large job
/// is never starved by smaller ones, and never holds up work that costs no memory.
#[derive(Default)]
pub(super) struct Queue {
    plain: Line,
    sized: Line,
    sequence: u64,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.plain.len + self.sized.len
    }

    pub(super) fn waits_for_bytes(&self) -> bool {
        self.sized.len > 0
    }

    pub(super) fn push(&mut self, spec: JobSpec, job: Box<dyn Job>, cancel: CancelToken) -> Place {
        let place = Place {
            priority: Reverse(spec.priority),
            sequence: self.sequence,
        };
        self.sequence += 1;
        let waiting = Waiting {
            job,
            cancel,
            bytes: spec.bytes,
            company: spec.company,
            since: Instant::now(),
        };
        self.line(spec.bytes > 0).push(place, waiting);
        place
    }

    /// The next job to run, with its bytes taken from the budget.
    pub(super) fn pop(&mut self, budget: &Budget) -> Option<Waiting> {
        self.pop_if(budget, |_| true)
    }

    /// The next job, if it is one of `company`. Those behind it do not overtake: a thread that went
    /// on taking company would never come to the others.
    pub(super) fn pop_company(&mut self, budget: &Budget, company: Company) -> Option<Waiting> {
        self.pop_if(budget, |next| next.company == Some(company))
    }

    fn pop_if(&mut self, budget: &Budget, wanted: impl Fn(&Waiting) -> bool) -> Option<Waiting> {
        let plain = self.plain.first().map(|(place, _)| place);
        if let Some((place, next)) = self.sized.first()
            && plain.is_none_or(|plain| place < plain)
        {
            if wanted(next) {
                if budget.try_take(next.bytes) {
                    return self.sized.pop();
                }
            } else if budget.has(next.bytes) {
                return None;
            }
        }
        let (_, next) = self.plain.first()?;
        if wanted(next) { self.plain.pop() } else { None }
    }

    /// Takes a job out before it ran; `None` when it has left already.
    pub(super) fn remove(&mut self, place: Place, sized: bool) -> Option<Waiting> {
        self.line(sized).remove(place)
    }

    fn line(&mut self, sized: bool) -> &mut Line {
        if sized {
            &mut self.sized
        } else {
            &mut self.plain
        }
    }
}

/// A deque for each priority. A job that was withdrawn leaves a gap; gaps at the ends are closed,
/// so the first of a deque is always a job.
#[derive(Default)]
struct Line {
    len: usize,
    levels: BTreeMap<Reverse<i32>, VecDeque<(u64, Option<Waiting>)>>,
}

/// A deque that emptied is kept for the next job of its priority, but not for many priorities.
const LEVELS_KEPT: usize = 4;

impl Line {
    fn push(&mut self, place: Place, waiting: Waiting) {
        let level = self.levels.entry(place.priority).or_default();
        level.push_back((place.sequence, Some(waiting)));
        self.len += 1;
    }

    fn first(&self) -> Option<(Place, &Waiting)> {
        if self.len == 0 {
            return None;
        }
        self.levels.iter().find_map(|(&priority, level)| {
            let (sequence, waiting) = level.front()?;
            let place = Place {
                priority,
                sequence: *sequence,
            };
            waiting.as_ref().map(|waiting| (place, waiting))
        })
    }

    fn pop(&mut self) -> Option<Waiting> {
        let (place, _) = self.first()?;
        self.remove(place)
    }

    fn remove(&mut self, place: Place) -> Option<Waiting> {
        let level = self.levels.get_mut(&place.priority)?;
        let index = level
            .binary_search_by_key(&place.sequence, |(sequence, _)| *sequence)
            .ok()?;
        let taken = level[index].1.take()?;
        self.len -= 1;
        while level.front().is_some_and(|(_, waiting)| waiting.is_none()) {
            level.pop_front();
        }
        while level.back().is_some_and(|(_, waiting)| waiting.is_none()) {
            level.pop_back();
        }
        if level.is_empty() && self.levels.len() > LEVELS_KEPT {
            self.levels.remove(&place.priority);
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Context, Job, JobSpec, LaneKind};
    use super::{Budget, CancelToken, Queue};
    use crate::error::Error;

    struct Named;
    impl Job for Named {
        fn run(&mut self, _: &Context<'_>) -> Result<(), Error> {
            Ok(())
        }
        fn finish(self: Box<Self>, _: Result<(), Error>) {}
    }

    /// Pushes jobs and returns the order in which they leave, as positions in `specs`.
    fn order(specs: &[(i32, u64)], budget: &Budget) -> Vec<usize> {
        let mut queue = Queue::default();
        let tokens: Vec<CancelToken> = specs.iter().map(|_| CancelToken::default()).collect();
        for (&(priority, bytes), token) in specs.iter().zip(&tokens) {
            let spec = JobSpec {
                lane: LaneKind::Bulk,
                priority,
                bytes,
                company: None,
            };
            queue.push(spec, Box::new(Named), token.clone());
        }
        let mut left = Vec::new();
        while let Some(waiting) = queue.pop(budget) {
            waiting.cancel.cancel();
            let fresh = |index: &usize| tokens[*index].is_cancelled() && !left.contains(index);
            let index = (0..tokens.len()).find(fresh);
            left.push(index.expect("a job that was pushed"));
        }
        left
    }

    #[test]
    fn higher_priority_first_then_first_in() {
        let budget = Budget::new(0);
        assert_eq!(
            order(&[(0, 0), (5, 0), (0, 0), (-1, 0), (5, 0)], &budget),
            [1, 4, 0, 2, 3]
        );
    }

    #[test]
    fn withdrawn_jobs_leave_the_order_of_the_others() {
        let budget = Budget::new(0);
        for withdrawn in 0..32u32 {
            let mut queue = Queue::default();
            let tokens = [(); 5].map(|()| CancelToken::default());
            let spec = JobSpec {
                lane: LaneKind::Bulk,
                priority: 0,
                bytes: 0,
                company: None,
            };
            let places = tokens
                .clone()
                .map(|token| queue.push(spec, Box::new(Named), token));
            let gone = |index: usize| withdrawn >> index & 1 == 1;
            for (index, &place) in places.iter().enumerate().filter(|(index, _)| gone(*index)) {
                assert!(queue.remove(place, false).is_some(), "{index} was there");
                assert!(queue.remove(place, false).is_none(), "{index} is gone");
            }
            for token in (0..5)
                .filter(|&index| !gone(index))
                .map(|index| &tokens[index])
            {
                let next = queue.pop(&budget).expect("one for each that stayed");
                next.cancel.cancel();
                assert!(token.is_cancelled(), "the first of those that stayed");
            }
            assert!(queue.pop(&budget).is_none());
            assert_eq!(queue.len(), 0);
        }
    }

    #[test]
    fn a_sized_job_that_does_not_fit_lets_plain_jobs_pass_and_no_sized_ones() {
        let budget = Budget::new(10);
        assert_eq!(order(&[(0, 8), (0, 8), (0, 0), (0, 1)], &budget), [0, 2]);
        assert_eq!(budget.used(), 8);
    }
}
