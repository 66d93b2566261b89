//! What the gate counts instructions of: each function by its name, which is also the argument.
//!
//! They are called once, so what is counted is the same each time, whatever else the machine does.

use std::hint::black_box;

use etl_context::{Completed, Context, Counts, Etl, EtlContext, Extract, Running};
use etl_context_benches::by_hand::Tracker;
use etl_context_benches::cycle::{self, Again, Beside, Step, Work};
use etl_context_benches::measure::touch;

const UPDATES: u32 = 1_000;
const CYCLES: u32 = 100;

const COUNTS: Counts = Counts { conversations: 1, messages: 20 };

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("updates_by_hand") => {
            let mut tracker = Box::new(Tracker::new());
            tracker.start("extract");
            updates_by_hand(&mut tracker);
            black_box(tracker);
        }
        Some("updates_typed") => updates_typed(&mut Context::new("counted").start(Extract).unwrap()),
        Some("updates_dynamic") => updates_dynamic(&mut dynamic()),
        Some("cycles_by_hand") => cycles_by_hand(&mut Tracker::new()),
        Some("cycles_typed") => drop(cycles_typed(cycle::begun())),
        Some("cycles_of_struct") => drop(cycles_of_struct(cycle::begun())),
        Some("cycles_dynamic_dict") => cycles_dynamic_dict(&mut EtlContext::new("counted")),
        Some("cycles_forked") => {
            let (branch, other) = cycle::forked();
            drop(cycles_forked(branch));
            drop(other);
        }
        Some("cycles_dynamic") => cycles_dynamic(&mut EtlContext::new("counted")),
        _ => panic!("the argument is the name of a function"),
    }
    // This one is only looked at.
    let mut typed = Context::new("counted").start(Extract).unwrap();
    black_box(one_update_typed as fn(&mut Context<Running<Extract>>))(&mut typed);
}

fn dynamic() -> EtlContext {
    let mut context = EtlContext::new("counted");
    context.start_phase("extract", None).unwrap();
    context
}

/// Behind a box, as a context is.
#[inline(never)]
#[unsafe(no_mangle)]
fn updates_by_hand(tracker: &mut Box<Tracker>) {
    for _ in 0..UPDATES {
        tracker.update(COUNTS.conversations, COUNTS.messages);
        touch(tracker);
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn updates_typed(context: &mut Context<Running<Extract>, Etl>) {
    for _ in 0..UPDATES {
        context.update_progress(COUNTS);
        touch(context);
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn updates_dynamic(context: &mut EtlContext) {
    for _ in 0..UPDATES {
        context.update_progress(COUNTS).unwrap();
        touch(context);
    }
}

/// Its instructions are looked at: the counts come from outside, so that nothing is known of them.
#[inline(never)]
#[unsafe(no_mangle)]
fn one_update_typed(context: &mut Context<Running<Extract>, Etl>) {
    context.update_progress(black_box(COUNTS));
}

#[inline(never)]
#[unsafe(no_mangle)]
fn cycles_by_hand(tracker: &mut Tracker) {
    for _ in 0..CYCLES {
        cycle::by_hand(tracker);
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn cycles_typed(context: Context<Completed<Work>, Again>) -> Context<Completed<Work>, Again> {
    (0..CYCLES).fold(context, |context, _| cycle::typed(context))
}

#[inline(never)]
#[unsafe(no_mangle)]
fn cycles_of_struct(context: Context<Completed<Work>, Again>) -> Context<Completed<Work>, Again> {
    (0..CYCLES).fold(context, |context, _| cycle::typed_with_struct(context))
}

#[inline(never)]
#[unsafe(no_mangle)]
fn cycles_dynamic_dict(context: &mut EtlContext) {
    for _ in 0..CYCLES {
        cycle::dynamic_with_dict(context);
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn cycles_forked(mut context: Context<Completed<Step>, Beside>) -> Context<Completed<Step>, Beside> {
    for _ in 0..CYCLES {
        context = cycle::in_branch(context);
    }
    context
}

#[inline(never)]
#[unsafe(no_mangle)]
fn cycles_dynamic(context: &mut EtlContext) {
    for _ in 0..CYCLES {
        cycle::dynamic(context);
    }
}
