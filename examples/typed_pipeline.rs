//! The typed face: extract, transform and load in an order that the compiler keeps, so that nothing is left to check by hand.
//!
//! This is the complete flow of `etl_context_phase_management` once more. Each phase is a closure: the context starts the
//! phase, calls it, and ends the phase as it ended. Swap two phases, leave one open or count outside of one, and the example
//! does not compile.
//!
//! ```text
//! cargo run --example typed_pipeline
//! ```

use std::num::ParseIntError;

use etl_context::{Completed, Context, Counts, Dictionary, Error, Extract, Load, RunningPhase, Transform, dict};

/// An export as a program finds it: one conversation on a line, with its number of messages.
const EXPORT: &str = "team 180\nfamily 220\nbook club 100";

fn main() -> Result<(), Error> {
    let loaded = import(EXPORT)?;
    println!("loaded {} messages\n\n{}", loaded.counts().messages, loaded.summary());
    Ok(())
}

/// The signature says what a caller may rely on: whoever has the context has a run that was loaded.
fn import(export: &str) -> Result<Context<Completed<Load>>, Error> {
    let context = Context::new("typed-pipeline");
    let (extracted, _) = context.phase(Extract).run(|extract| read(export, extract))?;
    println!("extracted {} messages", extracted.counts().messages);

    let totals = extracted.counts();
    let transform = extracted.phase(Transform).with_totals(totals);
    let (transformed, ()) = transform.run(|transform| -> Result<(), String> {
        transform.update_progress(Counts { conversations: 2, messages: 400 });
        transform.update_progress(Counts { conversations: 1, messages: 100 });
        Ok(())
    })?;
    println!("transformed {} messages", transformed.counts().messages);

    // The same by hand, for work that does not fit into a closure.
    let totals = transformed.counts();
    let mut load = transformed.start_with(Load, totals)?;
    load.update_progress(totals);
    Ok(load.complete(dict! { "export_id": "EXP-12345" })?)
}

/// Adds up the conversations and their messages. The first damaged line fails the phase.
fn read(export: &str, extract: &mut RunningPhase<'_, Extract>) -> Result<Dictionary, ParseIntError> {
    for line in export.lines() {
        let messages = line.rsplit(' ').next().unwrap_or_default().parse()?;
        extract.update_progress(Counts { conversations: 1, messages });
    }
    Ok(dict! { "source": "export.tar" })
}
