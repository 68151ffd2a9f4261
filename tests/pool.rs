//! The pool without Node-API: every job finishes exactly once, whatever happens to it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};

use offloop::error::Error;
use offloop::pool::{
    Config, Context, Event, Job, JobSpec, LaneKind, Lockstep, Observer, Piece, Pool, Ticket,
};

/// Sends its name when it finishes, with its outcome's code.
struct Named<W> {
    name: usize,
    work: Option<W>,
    finished: Sender<(usize, &'static str)>,
}

impl<W: FnOnce(&Context<'_>) -> Result<(), Error> + Send> Job for Named<W> {
    fn run(&mut self, context: &Context<'_>) -> Result<(), Error> {
        self.work.take().expect("run once")(context)
    }

    fn finish(self: Box<Self>, outcome: Result<(), Error>) {
        let code = outcome.map_or_else(|error| error.code(), |()| "done");
        // The test may have ended.
        let _ = self.finished.send((self.name, code));
    }
}

struct Fixture {
    pool: Pool,
    finished: Sender<(usize, &'static str)>,
    results: Receiver<(usize, &'static str)>,
}

impl Fixture {
    fn new(threads: usize) -> Self {
        let (finished, results) = channel();
        let pool = Pool::new(Config {
            threads,
            max_queue: 1_000_000,
            memory: 1000,
        });
        Self {
            pool,
            finished,
            results,
        }
    }

    fn submit(
        &self,
        name: usize,
        spec: JobSpec,
        work: impl FnOnce(&Context<'_>) -> Result<(), Error> + Send + 'static,
    ) -> Result<Ticket, Error> {
        let job = Named {
            name,
            work: Some(work),
            finished: self.finished.clone(),
        };
        self.pool.submit(spec, Box::new(job))
    }

    fn result(&self) -> (usize, &'static str) {
        self.results.recv().expect("the fixture has a sender")
    }
}

fn spec(lane: LaneKind) -> JobSpec {
    JobSpec {
        lane,
        priority: 0,
        bytes: 0,
        company: None,
    }
}

const BULK: LaneKind = LaneKind::Bulk;

#[test]
fn every_job_of_many_submitters_finishes_once() {
    const SUBMITTERS: usize = 4;
    const EACH: usize = 5000;
    let fixture = Fixture::new(3);
    let pool = &fixture.pool;
    std::thread::scope(|scope| {
        for submitter in 0..SUBMITTERS {
            let finished = fixture.finished.clone();
            scope.spawn(move || {
                for index in 0..EACH {
                    let lane = if index % 2 == 0 {
                        BULK
                    } else {
                        LaneKind::Interactive
                    };
                    let bytes = if index % 5 == 0 { 300 } else { 0 };
                    let job = Named {
                        name: submitter * EACH + index,
                        work: Some(move |_: &Context<'_>| match index % 100 {
                            0 => panic!("on purpose"),
                            _ => Ok(()),
                        }),
                        finished: finished.clone(),
                    };
                    let spec = JobSpec {
                        bytes,
                        priority: [0, 1, 2][index % 3],
                        lane,
                        company: None,
                    };
                    pool.submit(spec, Box::new(job)).expect("there is room");
                }
            });
        }
    });
    let mut seen = vec![false; SUBMITTERS * EACH];
    for _ in 0..SUBMITTERS * EACH {
        let (name, code) = fixture.result();
        assert!(
            !std::mem::replace(&mut seen[name], true),
            "{name} finished twice"
        );
        let expected = if (name % EACH).is_multiple_of(100) {
            "ERR_OFFLOOP_PANIC"
        } else {
            "done"
        };
        assert_eq!(code, expected);
    }
    assert!(fixture.results.try_recv().is_err(), "and no more");
    for lane in [BULK, LaneKind::Interactive] {
        let stats = fixture.pool.stats(lane);
        assert_eq!(
            (stats.running, stats.queued, stats.bytes_in_flight),
            (0, 0, 0)
        );
    }
}

#[test]
fn sequential_jobs_never_miss_a_wake_up() {
    let fixture = Fixture::new(2);
    for name in 0..20_000 {
        fixture
            .submit(name, spec(BULK), |_| Ok(()))
            .expect("there is room");
        assert_eq!(fixture.result(), (name, "done"));
        if name % 1000 == 0 {
            // Long enough for the threads to fall asleep.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

#[test]
fn two_jobs_run_at_the_same_time_from_the_first_submission_on() {
    let fixture = Fixture::new(2);
    for round in 0..200 {
        // Each waits for the other: one thread alone would never end them.
        let meeting = Arc::new(Barrier::new(2));
        for name in 0..2 {
            let meeting = Arc::clone(&meeting);
            let work = move |_: &Context<'_>| {
                meeting.wait();
                Ok(())
            };
            fixture
                .submit(name, spec(BULK), work)
                .expect("there is room");
        }
        let mut names = [fixture.result().0, fixture.result().0];
        names.sort_unstable();
        assert_eq!(names, [0, 1], "round {round}");
    }
}

#[test]
fn a_cancelled_job_is_withdrawn_or_finishes_and_never_both() {
    let fixture = Fixture::new(2);
    let mut expected = 0;
    for name in 0..20_000 {
        let ticket = fixture
            .submit(name, spec(BULK), |context: &Context<'_>| {
                context.check()?;
                Ok(())
            })
            .expect("there is room");
        if name % 3 == 0 && fixture.pool.cancel(&ticket) {
            assert!(!fixture.pool.cancel(&ticket), "withdrawn once");
        } else {
            expected += 1;
        }
    }
    let mut finished: Vec<usize> = (0..expected).map(|_| fixture.result().0).collect();
    finished.sort_unstable();
    finished.dedup();
    assert_eq!(finished.len(), expected);
    let stats = fixture.pool.stats(BULK);
    assert_eq!(stats.completed + stats.cancelled, 20_000);
}

#[test]
fn sized_jobs_stay_within_the_budget() {
    let fixture = Fixture::new(4);
    let in_use = Arc::new(AtomicU64::new(0));
    for name in 0..2000 {
        let bytes = [0, 100, 400, 1000][name % 4];
        let lane = if name % 3 == 0 {
            LaneKind::Interactive
        } else {
            BULK
        };
        let in_use = Arc::clone(&in_use);
        let work = move |_: &Context<'_>| {
            let before = in_use.fetch_add(bytes, Ordering::SeqCst);
            assert!(before + bytes <= 1000, "{before} + {bytes}");
            std::thread::yield_now();
            in_use.fetch_sub(bytes, Ordering::SeqCst);
            Ok(())
        };
        fixture
            .submit(
                name,
                JobSpec {
                    lane,
                    priority: 0,
                    bytes,
                    company: None,
                },
                work,
            )
            .expect("it fits");
    }
    for _ in 0..2000 {
        assert_eq!(fixture.result().1, "done");
    }
    let error = fixture
        .submit(
            0,
            JobSpec {
                lane: BULK,
                priority: 0,
                bytes: 1001,
                company: None,
            },
            |_| Ok(()),
        )
        .expect_err("it can never fit");
    assert_eq!(error.code(), "ERR_OFFLOOP_MEMORY_LIMIT");
}

#[test]
fn sizes_can_change_while_jobs_run() {
    let fixture = Fixture::new(1);
    for name in 0..5000 {
        fixture
            .submit(name, spec(BULK), |_| Ok(()))
            .expect("there is room");
        if name % 100 == 0 {
            let threads = 1 + name / 100 % 5;
            fixture.pool.configure(Config {
                threads,
                ..fixture.pool.config()
            });
        }
    }
    for _ in 0..5000 {
        assert_eq!(fixture.result().1, "done");
    }
}

#[test]
fn a_full_queue_refuses_and_free_threads_do_not_count_as_full() {
    for max_queue in [0, 3] {
        let fixture = Fixture::new(2);
        fixture.pool.configure(Config {
            max_queue,
            ..fixture.pool.config()
        });
        let gate = Arc::new(Barrier::new(3));
        for name in 0..2 + max_queue {
            let gate = Arc::clone(&gate);
            let work = move |_: &Context<'_>| {
                if name < 2 {
                    gate.wait();
                }
                Ok(())
            };
            fixture
                .submit(name, spec(BULK), work)
                .expect("there is room");
        }
        let error = fixture
            .submit(9, spec(BULK), |_| Ok(()))
            .expect_err("no room");
        assert_eq!(error.code(), "ERR_OFFLOOP_QUEUE_FULL");
        assert_eq!(fixture.pool.stats(BULK).rejected, 1);
        gate.wait();
        for _ in 0..2 + max_queue {
            assert_eq!(fixture.result().1, "done");
        }
    }
}

#[derive(Default)]
struct Edges {
    need_drain: AtomicUsize,
    drain: AtomicUsize,
}

impl Observer for Edges {
    fn lane_event(&self, lane: LaneKind, event: Event) {
        assert_eq!(lane, BULK);
        let count = match event {
            Event::NeedDrain => &self.need_drain,
            Event::Drain => &self.drain,
        };
        count.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn edges_alternate_and_end_drained() {
    let fixture = Fixture::new(2);
    let edges = Arc::new(Edges::default());
    let observer: std::sync::Weak<Edges> = Arc::downgrade(&edges);
    fixture.pool.observe(observer);
    for name in 0..1000 {
        fixture
            .submit(name, spec(BULK), |_| Ok(()))
            .expect("there is room");
    }
    for _ in 0..1000 {
        fixture.result();
    }
    // The last event may be told just after the last result.
    while edges.drain.load(Ordering::SeqCst) < edges.need_drain.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    assert!(edges.need_drain.load(Ordering::SeqCst) > 0);
    assert!(!fixture.pool.stats(BULK).needs_drain);
}

#[test]
#[cfg(target_os = "linux")]
fn the_lanes_run_below_the_process_and_the_bulk_lane_lowest() {
    let fixture = Fixture::new(1);
    let own = rustix::process::getpriority_process(None).expect("Linux has it");
    for (lane, distance) in [(LaneKind::Interactive, 5), (BULK, 10)] {
        let (told, nice) = channel();
        let work = move |_: &Context<'_>| {
            let _ = told.send(rustix::process::getpriority_process(None));
            Ok(())
        };
        fixture.submit(0, spec(lane), work).expect("there is room");
        assert_eq!(nice.recv().expect("it runs"), Ok((own + distance).min(19)));
        fixture.result();
        assert_eq!(fixture.pool.stats(lane).lowered_priority, Some(true));
    }
}

/// A piece of work of some steps, which writes down with whom it went on.
struct Steps {
    name: usize,
    left: usize,
    groups: Arc<Mutex<Vec<Vec<usize>>>>,
    /// Waited for before each step.
    gate: Option<Arc<Barrier>>,
    panics: bool,
}

impl Lockstep for Steps {
    fn advance(pieces: &mut [&mut Self], _: &Context<'_>) {
        if let Some(gate) = &pieces[0].gate {
            gate.wait();
        }
        assert!(!pieces.iter().any(|piece| piece.panics), "on purpose");
        let names = pieces.iter().map(|piece| piece.name).collect();
        pieces[0]
            .groups
            .lock()
            .expect("no panic under it")
            .push(names);
        for piece in pieces {
            piece.left -= 1;
        }
    }

    fn has_ended(&self) -> bool {
        self.left == 0
    }
}

struct InCompany {
    steps: Steps,
    finished: Sender<(usize, &'static str)>,
}

impl Job for InCompany {
    fn run(&mut self, _: &Context<'_>) -> Result<(), Error> {
        assert_eq!(self.steps.left, 0, "what is left comes at the end");
        Ok(())
    }

    fn piece(&mut self) -> Option<&mut dyn Piece> {
        Some(&mut self.steps)
    }

    fn finish(self: Box<Self>, outcome: Result<(), Error>) {
        let code = outcome.map_or_else(|error| error.code(), |()| "done");
        let _ = self.finished.send((self.steps.name, code));
    }
}

/// A lane with one thread, whose pieces wait at a gate before each step.
struct Company {
    fixture: Fixture,
    groups: Arc<Mutex<Vec<Vec<usize>>>>,
    gate: Arc<Barrier>,
}

impl Company {
    fn new() -> Self {
        Self {
            fixture: Fixture::new(1),
            groups: Arc::default(),
            gate: Arc::new(Barrier::new(2)),
        }
    }

    fn submit_as(&self, name: usize, steps: usize, spec: JobSpec, panics: bool) -> Ticket {
        let steps = Steps {
            name,
            left: steps,
            groups: Arc::clone(&self.groups),
            gate: Some(Arc::clone(&self.gate)),
            panics,
        };
        let finished = self.fixture.finished.clone();
        let job = Box::new(InCompany { steps, finished });
        self.fixture.pool.submit(spec, job).expect("room")
    }

    fn submit(&self, name: usize, steps: usize) -> Ticket {
        self.submit_as(name, steps, together(0), false)
    }

    /// Waits until so many jobs are in work.
    fn running(&self, jobs: usize) {
        while self.fixture.pool.stats(BULK).running < jobs {
            std::thread::yield_now();
        }
    }

    /// Lets the thread do one step, and waits until it is at the next.
    fn step(&self) {
        self.gate.wait();
    }

    fn groups(&self) -> Vec<Vec<usize>> {
        self.groups.lock().expect("no panic under it").clone()
    }
}

fn together(variant: u64) -> JobSpec {
    JobSpec {
        company: Some(offloop::pool::Company::of::<Steps>(variant, 3)),
        ..spec(BULK)
    }
}

#[test]
fn waiting_jobs_join_one_at_each_step_and_leave_as_they_end() {
    let company = Company::new();
    for (name, steps) in [(0, 4), (1, 2), (2, 9), (3, 1), (4, 1)] {
        company.submit(name, steps);
    }
    let mut ended = Vec::new();
    for _ in 0..11 {
        company.step();
    }
    for _ in 0..5 {
        ended.push(company.fixture.result());
    }
    assert_eq!(ended, [1, 0, 3, 4, 2].map(|name| (name, "done")));
    let expected: &[&[usize]] = &[
        &[0],
        &[0, 1],
        &[0, 1, 2],
        &[0, 2, 3],
        &[2, 4],
        &[2],
        &[2],
        &[2],
        &[2],
        &[2],
        &[2],
    ];
    assert_eq!(company.groups(), expected);
}

#[test]
fn nobody_overtakes_a_job_that_cannot_join() {
    let company = Company::new();
    company.submit(0, 3);
    let other = company.fixture.submit(10, spec(BULK), |_| Ok(()));
    company.submit(1, 1);
    for _ in 0..4 {
        company.step();
    }
    let ended = [(); 3].map(|()| company.fixture.result().0);
    assert_eq!(ended, [0, 10, 1]);
    assert_eq!(company.groups(), [[0], [0], [0], [1]]);
    drop(other);
}

#[test]
fn other_variants_and_higher_priorities_are_kept_apart() {
    let company = Company::new();
    company.submit(0, 2);
    company.running(1);
    company.submit_as(1, 1, together(7), false);
    company.submit_as(
        2,
        1,
        JobSpec {
            priority: 5,
            ..together(0)
        },
        false,
    );
    for _ in 0..3 {
        company.step();
    }
    let mut ended = [(); 3].map(|()| company.fixture.result().0);
    assert_eq!(company.groups(), [vec![0], vec![0, 2], vec![1]]);
    ended.sort_unstable();
    assert_eq!(ended, [0, 1, 2]);
}

#[test]
fn a_cancelled_job_leaves_its_company_at_the_next_step() {
    let company = Company::new();
    company.submit(0, 3);
    let ticket = company.submit(1, 100);
    company.step();
    company.step();
    // At the gate of the third step, with both of them.
    company.running(2);
    assert!(!company.fixture.pool.cancel(&ticket), "it runs");
    company.step();
    let mut ended = [company.fixture.result(), company.fixture.result()];
    ended.sort_unstable();
    assert_eq!(ended, [(0, "done"), (1, "ABORT_ERR")]);
}

#[test]
fn a_panic_ends_all_that_went_together_and_the_lane_goes_on() {
    let company = Company::new();
    company.submit(0, 2);
    company.submit_as(1, 2, together(0), true);
    company.step();
    company.step();
    let mut ended = [company.fixture.result(), company.fixture.result()];
    ended.sort_unstable();
    assert_eq!(ended, [(0, "ERR_OFFLOOP_PANIC"), (1, "ERR_OFFLOOP_PANIC")]);
    company.submit(2, 1);
    company.step();
    assert_eq!(company.fixture.result(), (2, "done"));
}

#[test]
fn company_takes_its_bytes_from_the_budget_or_waits() {
    let company = Company::new();
    for name in 0..3 {
        company.submit_as(
            name,
            2,
            JobSpec {
                bytes: 400,
                ..together(0)
            },
            false,
        );
    }
    for _ in 0..4 {
        company.step();
    }
    let ended = [(); 3].map(|()| company.fixture.result().0);
    assert_eq!(ended, [0, 1, 2]);
    assert_eq!(company.groups(), [vec![0], vec![0, 1], vec![1, 2], vec![2]]);
    let stats = company.fixture.pool.stats(BULK);
    assert_eq!((stats.running, stats.bytes_in_flight), (0, 0));
}

#[test]
fn many_jobs_in_company_on_many_threads_all_end() {
    let fixture = Fixture::new(3);
    let groups = Arc::default();
    for name in 0..3000 {
        let steps = Steps {
            name,
            left: 1 + name % 7,
            groups: Arc::clone(&groups),
            gate: None,
            panics: false,
        };
        let finished = fixture.finished.clone();
        let bytes = [0, 100, 300][name % 3];
        let job = Box::new(InCompany { steps, finished });
        let spec = JobSpec {
            bytes,
            ..together((name % 2) as u64)
        };
        fixture.pool.submit(spec, job).expect("room");
    }
    let mut ended = vec![false; 3000];
    for _ in 0..3000 {
        let (name, code) = fixture.result();
        assert_eq!((code, ended[name]), ("done", false), "{name}");
        ended[name] = true;
    }
    for group in groups.lock().expect("no panic under it").iter() {
        assert!(group.len() <= 3, "{group:?}");
        assert!(
            group.iter().all(|name| name % 2 == group[0] % 2),
            "{group:?}"
        );
    }
    let stats = fixture.pool.stats(BULK);
    assert_eq!((stats.running, stats.queued, stats.completed), (0, 0, 3000));
}
