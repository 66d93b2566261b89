//! A pipeline that a configuration file describes: the dynamic face.
//!
//! The file lists steps, what each one does, and after which other steps it may run. The program learns all of this while it
//! runs, so there are no types to write down: phases have names, and a wrong name or a wrong move is an error that changes
//! nothing. One step of the file fails, and the step that needs it is left out; the others run.
//!
//! ```text
//! cargo run --example configured_pipeline
//! cargo run --example configured_pipeline -- my_pipeline.json
//! ```

use std::error::Error;
use std::{env, fs};

use etl_context::{Counts, Dictionary, EtlContext, PhaseStatus, dict};
use serde::Deserialize;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/configured_pipeline.json");

#[derive(Deserialize)]
struct Configuration {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    #[serde(flatten)]
    work: Work,
    #[serde(default)]
    after: Vec<String>,
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
    let configuration: Configuration = serde_json::from_str(&fs::read_to_string(file)?)?;

    let mut context = EtlContext::new(configuration.name);
    let mut lines = Vec::new();
    for step in &configuration.steps {
        run(step, &mut lines, &mut context)?;
    }
    println!("\n{}", context.get_summary());
    Ok(())
}

/// Runs one step as a phase, if the steps that it needs have completed. A step that fails does not end the program.
fn run(step: &Step, lines: &mut Vec<String>, context: &mut EtlContext) -> Result<(), etl_context::Error> {
    let missing = step.after.iter().find(|needed| context.get_phase_status(needed) != PhaseStatus::Completed);
    if let Some(needed) = missing {
        println!("{} is left out, because {needed} is {}", step.name, context.get_phase_status(needed));
        return Ok(());
    }

    context.start_phase(&step.name, Counts { conversations: 0, messages: lines.len() as u64 })?;
    match work(&step.work, lines) {
        Ok(result) => {
            context.update_progress(Counts { conversations: 0, messages: lines.len() as u64 })?;
            let report = context.end_phase(result)?;
            println!("{} completed with {} lines", step.name, report.counts().messages);
        }
        Err(error) => {
            context.fail_phase(&error)?;
            println!("{} failed: {error}", step.name);
        }
    }
    Ok(())
}

/// What each kind of step does with the lines. The result goes into the record, for whoever asks later.
fn work(work: &Work, lines: &mut Vec<String>) -> Result<Dictionary, StepError> {
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
