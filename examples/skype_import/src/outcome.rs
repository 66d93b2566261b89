//! What has become of an import? For the person who has run it.

use std::io::{self, Write as _};
use std::time::Duration;

use etl_context::{Context, RunSummary};

use crate::extract::LeftOut;
use crate::load::sqlite;
use crate::pipeline::SkypeImport;
use crate::places::{Destination, Places};
use crate::recorded;

/// For those who have seen the sample.
const YOUR_OWN: &str = "cargo run --release -p skype_import -- <messages.json, .tar, .tar.gz or .zip> --db <file>";

/// What people ask first of a database of messages.
const QUERIES: [(&str, &str); 3] = [
    (
        "Who writes most",
        "SELECT display_name, count(*) FROM messages JOIN people ON people.id = sender GROUP BY sender ORDER BY 2 DESC",
    ),
    ("How much each year", "SELECT substr(sent_at, 1, 4), count(*) FROM messages GROUP BY 1"),
    ("Who said it", "SELECT sent_at, sender, text FROM messages WHERE text LIKE '%tea%' ORDER BY sent_at"),
];

/// In PostgreSQL, a year is no part of a text.
#[cfg(feature = "postgres")]
fn in_postgres(query: &str) -> String {
    let query =
        query.replace("substr(sent_at, 1, 4)", "extract(year from sent_at)").replace("GROUP BY sender", "GROUP BY 1, sender");
    query.replace("messages", "skype.messages").replace("JOIN people ON people", "JOIN skype.people ON people")
}

/// Says it to whoever listens. Nobody does if standard output is closed or full, which is no fault of the import.
macro_rules! tell {
    ($($told:tt)*) => {
        let _ = writeln!(io::stdout(), $($told)*);
    };
}

/// That an earlier run has done all of it already, if so.
pub(crate) fn tell_if_done<S>(context: &Context<S, SkypeImport>, places: &Places) {
    let record = context.record();
    if record.run_status() == etl_context::RunStatus::Completed {
        let (export, when) = (places.export.name.display(), recorded::day(record.latest_time()));
        tell!("Nothing to do: {export} was imported on {when}.\n");
    }
}

pub(crate) fn tell(summary: &RunSummary, left_out: &LeftOut, messages: u64, places: &Places) -> anyhow::Result<()> {
    tell!("{summary}\n");
    tell!("{}", pace(messages, places.export.length(), summary.total_duration()));
    tell_left_out(left_out);
    match &places.destination {
        Destination::Sqlite { database, .. } => {
            let file = sqlite::Database::open(database)?;
            let counts = file.row_counts()?;
            file.close_as_one_file();
            tell!("Database: {} has {counts}", database.display());
            for (question, query) in QUERIES {
                tell!("  {question}: sqlite3 {} \"{query}\"", name_for_shell(database));
            }
        }
        #[cfg(feature = "postgres")]
        Destination::Postgres { url, .. } => {
            let counts = crate::load::postgres::row_counts(&mut crate::load::postgres::connect(url)?)?;
            tell!("The schema `skype` of the {} has {counts}", etl_context::Database::from(url));
            for (question, query) in QUERIES {
                tell!("  {question}: {}", in_postgres(query));
            }
        }
    }
    Ok(())
}

pub(crate) fn tell_where(places: &Places, is_sample: bool) {
    if let Some(report) = &places.report {
        tell!("Report: open {} in a browser", report.file.display());
    }
    if is_sample {
        tell!("Your own export: {YOUR_OWN}");
    }
}

pub(crate) fn help(text: &str) {
    let _ = write!(io::stdout(), "{text}");
}

fn tell_left_out(left_out: &LeftOut) {
    if left_out.by_reason.is_empty() {
        return;
    }
    tell!("Left out: {} messages, {} conversations", left_out.messages, left_out.conversations);
    for (reason, count) in &left_out.by_reason {
        tell!("  {reason}: {count}");
    }
}

#[allow(clippy::cast_precision_loss, reason = "for people")]
fn pace(messages: u64, bytes: u64, duration: Duration) -> String {
    let (mebibytes, seconds) = (bytes as f64 / f64::from(1 << 20), duration.as_secs_f64().max(1e-6));
    format!(
        "Read {mebibytes:.1} MiB with {messages} messages: {:.1} MiB/s, {:.0} messages/s",
        mebibytes / seconds,
        messages as f64 / seconds
    )
}

fn name_for_shell(file: &std::path::Path) -> String {
    let name = file.display().to_string();
    let is_plain = name.chars().all(|letter| letter.is_alphanumeric() || "/._-".contains(letter));
    if is_plain { name } else { format!("'{}'", name.replace('\'', r"'\''")) }
}
