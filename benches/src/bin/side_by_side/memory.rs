//! How much memory does a long run keep?

use etl_context::{Context, Counts, EtlContext, Extract};
use etl_context_benches::memory::taken;
use etl_context_benches::table::Table;

const ATTEMPTS: u32 = 100_000;
const UPDATES: u32 = 1_000_000;

pub fn measure(table: &mut Table) {
    let (_context, run) = taken(|| {
        let mut context = EtlContext::new("many attempts");
        for _ in 0..ATTEMPTS {
            context.start_phase("extract", None).unwrap();
            context.end_phase(()).unwrap();
        }
        context
    });
    table.told("memory of a run with 100,000 attempts", run.bytes_kept as f64 / 1e6, "MB");
    table.told("the same, for each attempt", run.bytes_kept as f64 / f64::from(ATTEMPTS), "bytes");

    let mut context = Context::new("many updates").start(Extract).unwrap();
    let ((), updates) = taken(|| (0..UPDATES).for_each(|_| context.update_progress(Counts { conversations: 1, messages: 20 })));
    table.told("memory added by 1,000,000 updates", updates.bytes_kept as f64, "bytes");
}
