//! Workers of rayon that count while they work.
//!
//! Eight files are parsed in parallel. Every worker adds to the counters of the phase through `progress()`, a small handle that
//! can be copied into a parallel loop. It borrows the phase, so the phase cannot be ended while a worker still counts. Damaged
//! files are left out and recorded as errors, once the loop is over.
//!
//! ```text
//! cargo run --example rayon_workers
//! ```

use etl_context::{Counts, Dictionary, Error, Extract, RunningPhase, dict, pipeline};
use rayon::prelude::*;

pipeline! {
    /// This job does nothing but extract.
    Parallel {
        Extract after Idle;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("file {file} has no line of messages")]
struct DamagedFile {
    file: usize,
}

fn main() -> Result<(), Error> {
    let files = export();
    let expected = Counts { conversations: files.len() as u64, messages: 0 };

    let extract = Parallel::context("parallel-import").phase(Extract).with_totals(expected);
    let (extracted, _) = extract.run(|extract| parse_all(&files, extract))?;

    // All workers have been joined, so the sums are exact.
    println!("{}\n\n{}", extracted.report(), extracted.summary());
    Ok(())
}

/// Parses in parallel, then records what could not be parsed: errors are written by the owner of the phase alone.
fn parse_all(files: &[String], extract: &mut RunningPhase<'_, Extract>) -> Result<Dictionary, Error> {
    let progress = extract.progress();
    let damaged: Vec<DamagedFile> = files
        .par_iter()
        .enumerate()
        .filter_map(|(file, text)| match parse(text) {
            Some(messages) => {
                progress.add(Counts { conversations: 1, messages });
                None
            }
            None => Some(DamagedFile { file }),
        })
        .collect();

    for error in &damaged {
        extract.record_error(error)?;
    }
    Ok(dict! { "parsed": files.len() - damaged.len(), "damaged": damaged.len() })
}

/// The number of messages in one file.
fn parse(text: &str) -> Option<u64> {
    let messages = text.lines().filter(|line| line.contains(": ")).count() as u64;
    (messages > 0).then_some(messages)
}

/// Eight files as an export has them; the sixth is empty.
fn export() -> Vec<String> {
    (0..8).map(|file| if file == 5 { String::new() } else { "ada: the build is green\n".repeat(100 + file) }).collect()
}
