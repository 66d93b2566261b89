//! What does counting cost?

use std::hint;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use etl_context::{Context, Counts, Etl, EtlContext, Extract, ProgressWorker, Running};
use etl_context_benches::by_hand;
use etl_context_benches::measure::{Case, fastest, nanoseconds, touch};
use etl_context_benches::table::{Table, Target};
use indicatif::ProgressBar;

const ROUNDS: usize = 500;
const CALLS: u32 = 10_000;

pub fn measure(table: &mut Table) {
    one_thread(table);
    threads(table);
}

fn running() -> Context<Running<Extract>, Etl> {
    Context::new("counting").start(Extract).unwrap()
}

const COUNTS: Counts = Counts { conversations: 1, messages: 20 };

/// Two atomic counters that share a cache line with nothing else.
#[derive(Default)]
#[repr(align(128))]
struct Atomics([AtomicU64; 2]);

impl Atomics {
    fn add(&self, Counts { conversations, messages }: Counts) {
        self.0[0].fetch_add(conversations, Ordering::Relaxed);
        self.0[1].fetch_add(messages, Ordering::Relaxed);
    }
}

fn one_thread(table: &mut Table) {
    let mut plain = Box::new(by_hand::Counts::default());
    let mut typed = running();
    let mut dynamic = EtlContext::new("counting");
    dynamic.start_phase("extract", None).unwrap();
    let (shared, atomics) = (running(), Atomics::default());
    let progress = shared.progress();
    let mut one = running();
    let bar = ProgressBar::hidden();
    let tree = prodash::tree::Root::new();
    let task = tree.add_child("counting");
    task.init(None, None);
    let plain = &mut *plain;
    let cases: [Case<'_>; 8] = [
        Box::new(|| {
            nanoseconds(CALLS, || {
                plain.add(1, 20);
                touch(plain);
            })
        }),
        Box::new(|| nanoseconds(CALLS, || typed.update_progress(COUNTS))),
        Box::new(|| nanoseconds(CALLS, || dynamic.update_progress(COUNTS).unwrap())),
        Box::new(|| nanoseconds(CALLS, || atomics.add(COUNTS))),
        Box::new(|| nanoseconds(CALLS, || progress.add(COUNTS))),
        Box::new(|| nanoseconds(CALLS, || one.update_progress(Counts { conversations: 0, messages: 1 }))),
        Box::new(|| nanoseconds(CALLS, || bar.inc(1))),
        Box::new(|| nanoseconds(CALLS, || task.inc())),
    ];
    let [plain, typed, dynamic, atomics, shared, one, bar, task] = fastest(ROUNDS, cases);
    let two = "two plain saturating additions";
    table.row("`update_progress`, typed", typed, two, plain, "ns", Target::AtMost(1.1));
    table.row("`update_progress`, dynamic", dynamic, two, plain, "ns", Target::AtMost(1.2));
    table.row("`Progress::add`, shared", shared, "two relaxed `fetch_add`", atomics, "ns", Target::AtMost(1.1));
    table.row("`indicatif` `inc`", bar, "one exclusive increment", one, "ns", Target::AtLeast(40.0));
    table.row("`prodash` `inc`", task, "one exclusive increment", one, "ns", Target::AtLeast(3.0));
}

/// What one call takes on each of `workers` threads that run at the same time.
fn on_threads<W: Send>(workers: &mut [W], call: impl Fn(&mut W) + Sync) -> f64 {
    // A barrier that sleeps would let one of them finish before the other one is awake.
    let (waiting, call) = (&AtomicUsize::new(workers.len()), &call);
    thread::scope(|scope| {
        let threads = workers.iter_mut().map(|worker| {
            scope.spawn(move || {
                waiting.fetch_sub(1, Ordering::Relaxed);
                while waiting.load(Ordering::Relaxed) > 0 {
                    hint::spin_loop();
                }
                let started = Instant::now();
                (0..THREAD_CALLS).for_each(|_| call(worker));
                started.elapsed().as_secs_f64() * 1e9 / f64::from(THREAD_CALLS)
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(0.0, f64::max)
    })
}

/// Long enough for both threads to run most of the time together.
const THREAD_CALLS: u32 = 100_000;

fn threads(table: &mut Table) {
    let context = running();
    let mut workers = [context.progress().worker(), context.progress().worker()];
    let mut alone = [context.progress().worker()];
    let atomics = Atomics::default();
    let mut contended = [&atomics, &atomics];
    let count = |worker: &mut ProgressWorker<Counts>| worker.add(COUNTS).unwrap();
    let cases: [Case<'_>; 3] = [
        Box::new(|| on_threads(&mut alone, count)),
        Box::new(|| on_threads(&mut workers, count)),
        Box::new(|| on_threads(&mut contended, |atomics| atomics.add(COUNTS))),
    ];
    let [alone, two, contended] = fastest(ROUNDS / 3, cases);
    table.row("owned workers on two threads", two, "one thread alone", alone, "ns", Target::AtMost(1.3));
    table.row("`fetch_add` shared by two threads", contended, "an owned worker", two, "ns", Target::Told);
}
