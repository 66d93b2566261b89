//! The work of the program `skype_import` by hand: the same parser, the same SQL, and no library. What was done is counted,
//! timed, and told at the end; of what was left out, some is kept.
//!
//! `import_by_hand <export> <sqlite file>`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "../../../examples/skype_import/src"]
#[allow(dead_code, unused_imports, reason = "the import uses what this program does not")]
mod work {
    pub(crate) mod error;
    pub(crate) mod export;
    pub(crate) mod extract;
    pub(crate) mod json;
    pub(crate) mod json_lines;
    pub(crate) mod load;
    pub(crate) mod message;
    pub(crate) mod staging;
    pub(crate) mod transform;
}

use work::{error, export, extract, json, json_lines, load, message, staging, transform};

use crate::export::Export;
use crate::extract::{Found, LeftOut, Rejection};
use crate::load::{Loaded, sqlite};
use crate::staging::Staging;
use crate::transform::{Cursor, Rows, Seen};

/// What is told of a phase.
struct Phase {
    name: &'static str,
    started: Instant,
    duration: Duration,
    conversations: u64,
    messages: u64,
    bytes: u64,
    result: Value,
}

impl Phase {
    fn start(name: &'static str) -> Self {
        let started = Instant::now();
        Phase { name, started, duration: Duration::ZERO, conversations: 0, messages: 0, bytes: 0, result: Value::Null }
    }

    fn end(&mut self, result: Value) {
        self.duration = self.started.elapsed();
        self.result = result;
    }
}

/// What was left out, and some of each kind.
#[derive(Default)]
struct Missing {
    counted: LeftOut,
    examples: Vec<Rejection>,
}

impl Missing {
    fn add(&mut self, rejection: Rejection) {
        if self.counted.add(&rejection) {
            self.examples.push(rejection);
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [export, database] = arguments.as_slice() else { anyhow::bail!("import_by_hand <export> <sqlite file>") };
    let folder = tempfile::tempdir_in(database.parent().unwrap_or(database))?;
    let export = Export::open(export, folder.path())?;
    let staging = Staging::of_this_process(folder.path());
    let mut missing = Missing::default();
    let phases = [
        extracted(&export, &staging, &mut missing)?,
        transformed(&export, &staging, &mut missing)?,
        loaded(&export, &staging, database)?,
    ];
    for Phase { name, duration, conversations, messages, bytes, result, .. } in &phases {
        println!("{name}: {conversations} conversations, {messages} messages, {bytes} bytes in {duration:.2?}: {result}");
    }
    println!("Left out: {}, such as {}", missing.counted.messages, missing.examples.len());
    println!("Database: {} has {}", database.display(), sqlite::Database::open(database)?.row_counts()?);
    Ok(())
}

fn extracted(export: &Export, staging: &Staging, missing: &mut Missing) -> anyhow::Result<Phase> {
    let mut phase = Phase::start("extract");
    let extracted = extract::extract(export, staging, &mut |found| {
        match found {
            Found::Conversation => phase.conversations += 1,
            Found::Message => phase.messages += 1,
            Found::Bytes(bytes) => phase.bytes += bytes,
            Found::LeftOut(rejection) => missing.add(rejection),
        }
        Ok(())
    })?;
    phase.end(json!(extracted));
    Ok(phase)
}

fn transformed(export: &Export, staging: &Staging, missing: &mut Missing) -> anyhow::Result<Phase> {
    let mut phase = Phase::start("transform");
    let transformed = transform::transform(export, staging, &mut |seen| {
        match seen {
            Seen::Conversation => phase.conversations += 1,
            Seen::Message => phase.messages += 1,
            Seen::LeftOut(rejection) => missing.add(rejection),
        }
        Ok(())
    })?;
    phase.end(json!(transformed));
    Ok(phase)
}

fn loaded(export: &Export, staging: &Staging, database: &Path) -> anyhow::Result<Phase> {
    let mut phase = Phase::start("load");
    let mut loaded = Loaded::default();
    let rows = Rows::from(export, staging, Cursor::default())?;
    let database = sqlite::Database::open_to_load(database)?;
    load::load(rows, &mut database.tables(), &mut |batch, written| {
        written.commit()?;
        phase.conversations += batch.loaded.conversations.rows();
        phase.messages += batch.loaded.messages.rows();
        loaded.add(&batch.loaded);
        Ok(())
    })?;
    database.close_as_one_file();
    phase.end(json!(loaded));
    Ok(phase)
}
