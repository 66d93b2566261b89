//! The dynamic face in five parts: phases are started, counted, ended, marked and asked about by name.
//!
//! This is the face for callers that learn the names of their phases at run time. A wrong call returns an error and changes
//! nothing; `typed_pipeline` shows the face on which a wrong call does not compile.
//!
//! ```text
//! cargo run --example etl_context_phase_management
//! ```

use std::num::ParseIntError;

use etl_context::{Counts, Error, Etl, EtlContext, PhaseStatus, dict};

/// An export as a program finds it: one conversation on a line, with its number of messages.
const EXPORT: &str = "team 180\nfamily 220\nbook club 100";
const DAMAGED_EXPORT: &str = "team 180\nfamily many\nbook club 100";

#[derive(Debug, thiserror::Error)]
#[error("line {line} of the export does not end with a number of messages")]
struct DamagedLine {
    line: usize,
    source: ParseIntError,
}

fn main() -> Result<(), Error> {
    basic_phase_management()?;
    status_management()?;
    error_handling()?;
    complete_flow()?;
    dependencies()
}

/// `start_phase`, `update_progress`, `end_phase`.
fn basic_phase_management() -> Result<(), Error> {
    println!("1. Basic phase management\n");
    let mut context = EtlContext::new("basic");

    context.start_phase("extract", Counts { conversations: 10, messages: 500 })?;
    println!("running: {}", context.current_phase().unwrap_or("nothing"));
    for batch in 1..=5 {
        context.update_progress(Counts { conversations: 2, messages: 100 })?;
        println!("batch {batch} of 5 is read, so far {:?}", context.progress().counts());
    }

    let report = context.end_phase(dict! { "source": "export.tar" })?;
    println!("\n{report}");
    Ok(())
}

/// `get_phase_status`, `set_phase_status`.
fn status_management() -> Result<(), Error> {
    println!("\n2. Status management\n");
    let mut context = EtlContext::new("statuses");

    println!("extract, before it starts: {}", context.get_phase_status("extract"));
    context.start_phase("extract", None)?;
    println!("extract, while it runs: {}", context.get_phase_status("extract"));
    context.end_phase(())?;
    println!("extract, after it ended: {}", context.get_phase_status("extract"));

    context.set_phase_status("transform", PhaseStatus::Failed)?;
    println!("transform, marked by hand: {}", context.get_phase_status("transform"));

    if let Err(error) = context.set_phase_status("transform", "done") {
        println!("refused: {error}");
    }
    println!("transform, as before: {}", context.get_phase_status("transform"));
    Ok(())
}

/// A phase fails: its status is set to failed and the error is recorded, first call by call and then in one.
fn error_handling() -> Result<(), Error> {
    println!("\n3. Error handling during a phase\n");
    let mut context = EtlContext::new("errors");

    context.start_phase("extract", None)?;
    if let Err(error) = extract(DAMAGED_EXPORT) {
        context.set_phase_status("extract", PhaseStatus::Failed)?;
        context.record_error("extract", &error)?;
    }
    println!("extract is still the running phase: {}", context.current_phase() == Some("extract"));
    println!("its status: {}", context.get_phase_status("extract"));
    let report = context.end_phase(())?;
    println!("attempt {} ended as {}", report.attempt(), report.status());

    context.start_phase("extract", None)?;
    if let Err(error) = extract(DAMAGED_EXPORT) {
        let report = context.fail_phase(&error)?;
        println!("attempt {} ended as {}", report.attempt(), report.status());
    }

    println!("errors of extract: {}", context.errors_for("extract").count());
    context.errors().iter().for_each(|error| println!("{error}"));
    Ok(())
}

/// Extract, transform and load, one place that handles whatever fails, and the summary of the run.
fn complete_flow() -> Result<(), Error> {
    println!("\n4. A complete flow\n");
    let mut context = EtlContext::new("complete-flow");
    if let Err(error) = import(&mut context, EXPORT) {
        context.fail_phase(error.as_ref())?;
    }
    println!("\n{}", context.get_summary());
    Ok(())
}

fn import(context: &mut EtlContext, export: &str) -> Result<(), Box<dyn std::error::Error>> {
    context.start_phase("extract", None)?;
    context.update_progress(extract(export)?)?;
    let extracted = context.end_phase(dict! { "source": "export.tar" })?.counts();
    println!("extracted {} messages", extracted.messages);

    context.start_phase("transform", extracted)?;
    context.update_progress(Counts { conversations: 2, messages: 400 })?;
    context.update_progress(Counts { conversations: 1, messages: 100 })?;
    let transformed = context.end_phase(dict! { "dropped": 0 })?.counts();
    println!("transformed {} messages", transformed.messages);

    context.start_phase("load", transformed)?;
    context.update_progress(transformed)?;
    context.end_phase(dict! { "export_id": "EXP-12345" })?;
    println!("loaded {} messages", transformed.messages);
    Ok(())
}

/// A phase runs only if the one before it completed. The last call shows that a pipeline asks for that by itself.
fn dependencies() -> Result<(), Error> {
    println!("\n5. Dependencies and conditional execution\n");
    let mut context = EtlContext::for_pipeline::<Etl>("dependencies");

    context.start_phase("extract", None)?;
    context.end_phase(())?;
    println!("extract: {}", context.get_phase_status("extract"));

    if context.get_phase_status("extract") == PhaseStatus::Completed {
        context.start_phase("transform", None)?;
        context.end_phase(dict! { "status": "failed", "reason": "no conversation is left" })?;
    }
    println!("transform: {}", context.get_phase_status("transform"));

    match context.get_phase_status("transform") {
        PhaseStatus::Completed => context.start_phase("load", None)?,
        other => println!("load is left out, because transform is {other}"),
    }

    if let Err(error) = context.start_phase("load", None) {
        println!("refused: {error}");
    }
    println!("load: {}", context.get_phase_status("load"));
    Ok(())
}

/// Adds up the conversations and their messages.
fn extract(export: &str) -> Result<Counts, DamagedLine> {
    let mut counts = Counts::default();
    for (index, line) in export.lines().enumerate() {
        let messages = line.rsplit(' ').next().unwrap_or_default();
        counts.messages += messages.parse::<u64>().map_err(|source| DamagedLine { line: index + 1, source })?;
        counts.conversations += 1;
    }
    Ok(counts)
}
