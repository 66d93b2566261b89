//! The work of the program `skype_import` by hand: the same parser, the same SQL, and no library. What was done is counted,
//! timed, and told at the end; what was left out is kept.
//!
//! `import_by_hand <export> <sqlite file>`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "../../../examples/skype_import/src"]
#[allow(dead_code, reason = "the import uses what this program does not")]
mod work {
    pub(crate) mod error;
    pub(crate) mod extract;
    pub(crate) mod json_lines;
    pub(crate) mod load;
    pub(crate) mod staging;
    pub(crate) mod transform;
}

use work::{error, extract, json_lines, load, staging, transform};

use crate::extract::{Found, Rejection};
use crate::load::{Loaded, sqlite};
use crate::staging::{Row, Staging};

const MOST_KEPT: usize = 1_000;

/// What is told of a phase.
struct Phase {
    name: &'static str,
    started: Instant,
    duration: Duration,
    conversations: u64,
    messages: u64,
    result: Value,
}

impl Phase {
    fn start(name: &'static str) -> Self {
        let started = Instant::now();
        Phase { name, started, duration: Duration::ZERO, conversations: 0, messages: 0, result: Value::Null }
    }

    fn end(&mut self, result: Value) {
        self.duration = self.started.elapsed();
        self.result = result;
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [export, database] = arguments.as_slice() else { anyhow::bail!("import_by_hand <export> <sqlite file>") };
    let folder = tempfile::tempdir_in(database.parent().unwrap_or(database))?;
    let staging = Staging::new(folder.path());
    let mut left_out = Vec::new();
    let phases = [extracted(export, &staging, &mut left_out)?, transformed(&staging)?, loaded(&staging, database)?];
    for Phase { name, duration, conversations, messages, result, .. } in &phases {
        println!("{name}: {conversations} conversations, {messages} messages in {duration:.2?}: {result}");
    }
    println!("Left out: {}", left_out.len());
    println!("Database: {} has {}", database.display(), sqlite::Database::open(database)?.row_counts()?);
    Ok(())
}

fn extracted(export: &Path, staging: &Staging, left_out: &mut Vec<Rejection>) -> anyhow::Result<Phase> {
    let mut phase = Phase::start("extract");
    let extracted = extract::extract(export, staging, &mut |found| {
        match found {
            Found::Conversation => phase.conversations += 1,
            Found::Message => phase.messages += 1,
            Found::LeftOut(rejection) if left_out.len() < MOST_KEPT => left_out.push(rejection),
            Found::LeftOut(_) => {}
        }
        Ok(())
    })?;
    phase.end(json!(extracted));
    Ok(phase)
}

fn transformed(staging: &Staging) -> anyhow::Result<Phase> {
    let mut phase = Phase::start("transform");
    let transformed = transform::transform(staging, &mut |row| {
        match row {
            Row::Conversation { .. } => phase.conversations += 1,
            Row::Message(_) => phase.messages += 1,
            Row::Person { .. } => {}
        }
        Ok(())
    })?;
    phase.end(json!(transformed));
    Ok(phase)
}

fn loaded(staging: &Staging, database: &Path) -> anyhow::Result<Phase> {
    let mut phase = Phase::start("load");
    let mut loaded = Loaded::default();
    load::load(staging, &mut sqlite::Database::open(database)?, 0, &mut |batch| {
        phase.conversations += batch.loaded.conversations.rows();
        phase.messages += batch.loaded.messages.rows();
        loaded.add(&batch.loaded);
        Ok(())
    })?;
    phase.end(json!(loaded));
    Ok(phase)
}
