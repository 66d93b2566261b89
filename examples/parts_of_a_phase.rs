//! A phase that is divided into parts, which threads work on, and whose next attempt works only on what is left.
//!
//! Each month of an export is a part. In the first attempt one month cannot be read, so the phase fails when all others are done;
//! the second attempt reads that month alone. With a `PostgresJournal` instead of the file, the same lines hand parts to
//! processes on other hosts as well: each of them calls `PostgresWorker::connect(…)?.work(Extract, read_month)`.
//!
//! ```text
//! cargo run --example parts_of_a_phase
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use etl_context::{
    Completed, Context, Counts, Error, Extract, FileJournal, Part, PhaseFailure, PhaseRecord, Run, RunningPhase, pipeline,
};

pipeline! {
    /// This job does nothing but extract.
    ChatImport {
        Extract after Idle;
    }
}

const MONTHS: [&str; 6] = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"];
const WORKERS: usize = 3;

/// The share on which April lies is not there at first.
static IS_MOUNTED: AtomicBool = AtomicBool::new(false);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let journal = FileJournal::open(folder.path().join("import.jsonl"))?;
    let context = Run::builder("chat-import").journal(journal).begin::<ChatImport>()?;

    let extracted = match context.phase(Extract).run(extract) {
        Err(PhaseFailure::Failed { context, error }) => {
            println!("{error}");
            IS_MOUNTED.store(true, Ordering::Relaxed);
            context.retry_phase().run(extract)?.0
        }
        outcome => outcome?.0,
    };

    println!("\n{}\n", extracted.summary());
    print_parts(&extracted);
    Ok(())
}

/// Registers the parts, lets threads work on them, and ends when all have ended.
fn extract(extract: &mut RunningPhase<'_, Extract>) -> Result<(), Error> {
    let parts = extract.parts(MONTHS)?;
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| parts.work(read_month));
        }
    });
    // This also tells what a worker could not record.
    parts.finish()
}

fn read_month(part: &mut Part<'_>) -> Result<(), String> {
    if part.name() == "2026-04" && !IS_MOUNTED.load(Ordering::Relaxed) {
        return Err(format!("/mnt/archive/{}.jsonl: not mounted", part.name()));
    }
    // Where a real import would read the month, this one counts it.
    let month: u64 = part.name().rsplit('-').next().and_then(|month| month.parse().ok()).unwrap_or_default();
    part.update_progress(Counts { conversations: 1, messages: 100 * month });
    Ok(())
}

fn print_parts(extracted: &Context<Completed<Extract>, ChatImport>) {
    let parts = extracted.record().phases().flat_map(PhaseRecord::parts);
    for part in parts {
        println!("{}  {}  {}", part.name(), part.status(), part.counts().map(ToString::to_string).unwrap_or_default());
    }
}
