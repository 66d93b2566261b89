//! A run in the log: `tracing-subscriber` prints what the run tells, and what the phases log themselves.
//!
//! The library only depends on `tracing`; which subscriber there is, what it shows and where it goes is the program's business.
//! Here it is the usual one, `tracing_subscriber::fmt`, filtered by `RUST_LOG`.
//!
//! ```text
//! cargo run --example traced_import --features tracing
//! RUST_LOG=etl_context=warn cargo run --example traced_import --features tracing
//! ```

use etl_context::{Completed, Context, Counts, Error, Etl, Extract, Run, RunningPhase, Tracing, Transform, dict};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const EXPORT: [(&str, u64); 3] = [("team", 180), ("family", 220), ("book club", 0)];

fn main() -> Result<(), Error> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::DEBUG.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).without_time().init();

    let tracing = Tracing::new();
    let context = Run::builder("traced-import").observe(tracing.clone()).begin::<Etl>()?;
    let (extracted, _) = context.phase(Extract).run(|extract| {
        let _entered = tracing.phase_span().entered(); // so that the lines of this phase carry its name
        read(extract)
    })?;
    transform_twice(extracted)
}

fn read(extract: &mut RunningPhase<'_, Extract>) -> Result<etl_context::Dictionary, Error> {
    for (conversation, messages) in EXPORT {
        if messages == 0 {
            tracing::warn!(conversation, "left out: it is empty");
            continue;
        }
        tracing::debug!(conversation, messages, "read");
        extract.update_progress(Counts { conversations: 1, messages }); // counting is never traced
    }
    extract.checkpoint(&EXPORT.len())?;
    Ok(dict! { "source": "export.tar" })
}

/// The first attempt fails, so the log has an error and a second span.
fn transform_twice(extracted: Context<Completed<Extract>>) -> Result<(), Error> {
    let failed = extracted.start(Transform)?.fail("the dictionary of names is locked")?;
    println!("{}", failed.retry()?.complete(())?.summary());
    Ok(())
}
