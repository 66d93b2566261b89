//! `show`: one run, as a table, a page, Markdown, a trace or JSON.

use std::path::{Path, PathBuf};

use clap::Args;
use etl_context::{JobRun, RunStatus, RunSummary};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure, NO, YES};
use crate::found::Named;
use crate::screen::width;
use crate::text::shown;

/// Show a run: its phases, what they counted, and what went wrong.
///
/// Prints a table, and writes what else is asked for to files. `-` instead of a file is standard output, which then has no table.
///
/// Exits with 1 if the run did not complete, and nobody has it open.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    run: Named,
    /// Write it as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write it as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write it as a trace for <https://ui.perfetto.dev>
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// One JSON document instead of the table
    #[arg(long)]
    json: bool,
}

pub(crate) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    let (run, record) = asked.run.find()?;
    let summary = record.summary();
    let code = if run.status() == RunStatus::Completed || run.owner().is_some() { YES } else { NO };
    let printed = asked.written(&summary)?;
    let printed = if asked.json { Some(Answer::json(&document(&run, &summary))) } else { printed.map(Answer::data) };
    Ok(printed.unwrap_or_else(|| Answer::for_people(table(&run, &summary))).with_code(code))
}

impl Asked {
    /// Writes the files, and gives what is to go to standard output.
    fn written(&self, summary: &RunSummary) -> Result<Option<String>, Failure> {
        let forms: [fn(&RunSummary) -> String; 3] = [RunSummary::to_html, RunSummary::to_markdown, RunSummary::to_trace];
        let files = [&self.html, &self.markdown, &self.trace].into_iter().zip(forms);
        let asked_for = files.filter_map(|(file, form)| Some((file.as_deref()?, form)));
        let (printed, written): (Vec<_>, Vec<_>) = asked_for.partition(|(file, _)| file.as_os_str() == "-");
        if printed.len() + usize::from(self.json) > 1 {
            return Err(Failure::usage("only one of them can go to standard output"));
        }
        written.into_iter().try_for_each(|(file, form)| write(file, &form(summary)))?;
        Ok(printed.first().map(|(_, form)| form(summary)))
    }
}

fn table(run: &JobRun, summary: &RunSummary) -> String {
    let table = format!("{summary:.*}\n", width());
    match run.owner() {
        Some(owner) => format!("{table}\nopen in {}\n", shown(owner)),
        None if run.status() != summary.status() => format!("{table}\n{}: its process has died\n", run.status()),
        None => table,
    }
}

/// The summary, and under which key the run is kept and who has it open.
fn document(run: &JobRun, summary: &RunSummary) -> Value {
    let mut document = json!(summary);
    if let Value::Object(fields) = &mut document {
        let kept = json!({ "key": run.key(), "number": run.number(), "status": run.status(), "owner": run.owner() });
        fields.extend(kept.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    }
    document
}

/// Writes the file, and says so.
pub(crate) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let told = shown(&file.to_string_lossy());
    std::fs::write(file, text).map_err(|error| Failure::trouble(format!("cannot write `{told}`: {error}")))?;
    anstream::eprintln!("wrote {told}");
    Ok(())
}
