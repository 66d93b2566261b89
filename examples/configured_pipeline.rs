//! A pipeline that a configuration file describes: the dynamic face.
//!
//! The file lists the phases in their order, and says what each one does. The program learns all of this while it runs, so there are
//! no types to write down: phases have names, and a wrong name or a wrong move is an error that changes nothing. One phase of the
//! file fails, and the one that needs it is left out; the order says which one runs all the same.
//!
//! ```text
//! cargo run --example configured_pipeline
//! cargo run --example configured_pipeline -- my_pipeline.json
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::{env, fs};

use etl_context::{Counts, Dictionary, EtlContext, PhaseName, PhaseOrder, dict};
use serde::Deserialize;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/configured_pipeline.json");

#[derive(Deserialize)]
struct Configuration {
    name: String,
    order: PhaseOrder,
    work: BTreeMap<PhaseName, Work>,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Work {
    ReadLines { text: String },
    DropLines { starting_with: String },
    RequireLine { containing: String },
    SumLastWords,
}

#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("no line has `{0}` in it")]
    Missing(String),
    #[error("`{0}` does not end with a number")]
    NoNumber(String),
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).unwrap_or_else(|| EXAMPLE.to_owned());
    let Configuration { name, order, work } = serde_json::from_str(&fs::read_to_string(file)?)?;

    let mut context = EtlContext::with_order(name, order.clone());
    let mut lines = Vec::new();
    for phase in order.phases() {
        let work = work.get(phase).ok_or_else(|| format!("the file does not say what `{phase}` does"))?;
        run(phase, work, &mut lines, &mut context)?;
    }
    println!("\n{}", context.get_summary());
    Ok(())
}

/// Runs one phase, if it is its turn. One that fails does not end the program.
fn run(phase: &PhaseName, work: &Work, lines: &mut Vec<String>, context: &mut EtlContext) -> Result<(), etl_context::Error> {
    match context.start_phase(phase.as_str(), Counts { conversations: 0, messages: lines.len() as u64 }) {
        Err(error @ etl_context::Error::OutOfOrder { .. }) => {
            println!("{phase} is left out: {error}");
            return Ok(());
        }
        started => started?,
    }
    match do_work(work, lines) {
        Ok(result) => {
            context.update_progress(Counts { conversations: 0, messages: lines.len() as u64 })?;
            let report = context.end_phase(result)?;
            println!("{phase} completed with {} lines", report.counts().messages);
        }
        Err(error) => {
            context.fail_phase(&error)?;
            println!("{phase} failed: {error}");
        }
    }
    Ok(())
}

/// What each kind of work does with the lines. The result goes into the record, for whoever asks later.
fn do_work(work: &Work, lines: &mut Vec<String>) -> Result<Dictionary, StepError> {
    match work {
        Work::ReadLines { text } => lines.extend(text.lines().map(str::to_owned)),
        Work::DropLines { starting_with } => lines.retain(|line| !line.starts_with(starting_with)),
        Work::RequireLine { containing } if lines.iter().any(|line| line.contains(containing)) => {}
        Work::RequireLine { containing } => return Err(StepError::Missing(containing.clone())),
        Work::SumLastWords => {
            let sum: u64 = lines.iter().map(|line| last_number(line)).sum::<Result<_, _>>()?;
            return Ok(dict! { "sum": sum });
        }
    }
    Ok(dict! {})
}

fn last_number(line: &str) -> Result<u64, StepError> {
    let number = line.rsplit(' ').next().and_then(|word| word.parse().ok());
    number.ok_or_else(|| StepError::NoNumber(line.to_owned()))
}
