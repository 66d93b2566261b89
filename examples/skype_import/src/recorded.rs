//! Where is an import recorded, and what does an earlier record of it mean?

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
#[cfg(feature = "postgres")]
use etl_context::PostgresJournal;
use etl_context::{FileJournal, Journal as _, RunBuilder, RunRecord, RunStatus, SqliteJournal, Timestamp};

use crate::identity::Parameters;
use crate::load::sqlite::{Database, Standing, runs_of, standing};
use crate::places::{Destination, Journal, Places};
use crate::say;

/// The names under which a run tells what it imports.
const EXPORT: &str = "export";
const DIGEST: &str = "digest";

pub(crate) fn recorded(run: RunBuilder, places: &Places) -> anyhow::Result<RunBuilder> {
    let export = &places.export;
    let run = run.metadata(EXPORT, export.name.display().to_string()).metadata(DIGEST, &export.digest);
    match &places.destination {
        // The key tells which export it is.
        Destination::Sqlite { database, journal: Journal::InDatabase(key) } => {
            Ok(run.journal(in_database(database, key, places)?))
        }
        Destination::Sqlite { database, journal: Journal::InFile { file, again } } => {
            let run = run.parameters(&Parameters { export: &export.digest, database });
            look_back(file, *again, places, database)?;
            Ok(run.journal(FileJournal::open(file)?))
        }
        #[cfg(feature = "postgres")]
        Destination::Postgres { url, key } => Ok(run.journal(PostgresJournal::connect(url)?.key(key))),
    }
}

fn in_database(database: &Path, key: &str, places: &Places) -> anyhow::Result<SqliteJournal> {
    let is_without_tables = standing(database)? == Standing::WithoutTables;
    if is_without_tables && !runs_of(database, key)?.is_empty() {
        let events = SqliteJournal::open(database)?.key(key).load()?;
        if let Some(record) = RunRecord::replay(&events).filter(has_rows) {
            let (export, when) = (places.export.name.display(), day(record.latest_time()));
            let database = database.display();
            bail!("{export} was imported on {when}, but its tables in the database {database} are gone; --again imports it anew");
        }
    }
    // First, because how large its pages are is settled with the first table of a database.
    drop(Database::open(database)?);
    Ok(SqliteJournal::open(database)?.key(key))
}

/// Whether rows of the run are to be there.
fn has_rows(record: &RunRecord) -> bool {
    record.run_status() == RunStatus::Completed || record.phase("load").is_some_and(|load| load.checkpoint().is_some())
}

/// A run goes on if it is that of this export and its rows are still there. The journal of another one that is complete makes
/// room, and one that is not complete is not given up unasked.
fn look_back(journal: &Path, again: bool, places: &Places, database: &Path) -> anyhow::Result<()> {
    let record = if journal.exists() { RunRecord::read(journal)? } else { None };
    let Some(record) = record else { return Ok(()) };
    let export = places.export.name.display();
    if again {
        return set_aside(journal, &record, places).map(drop);
    }
    let is_complete = record.run_status() == RunStatus::Completed;
    if record.metadata().get(DIGEST) == Some(&places.export.digest) {
        if has_rows(&record) && standing(database)? == Standing::WithoutTables {
            let (when, database) = (day(record.latest_time()), database.display());
            bail!("{export} was imported on {when}, but the database {database} is gone; --again imports it anew");
        }
        return Ok(());
    }
    let (other, when) = (other(&record), day(record.latest_time()));
    if !is_complete {
        let journal = journal.display();
        bail!(
            "{export} is not the export whose import the journal {journal} holds: that of {other}, last heard of on {when}, is \
             not complete; give another --journal, or begin anew with --again"
        );
    }
    let kept = set_aside(journal, &record, places)?;
    say!(
        "{export} is not what was imported on {when}, and is imported now; the journal of {other} is kept as {}",
        kept.display()
    );
    Ok(())
}

/// The export of an earlier run, by its name and the beginning of its digest.
fn other(record: &RunRecord) -> String {
    let told = |key: &str| record.metadata().get(key).map_or("an unknown export", String::as_str);
    let digest = record.metadata().get(DIGEST).and_then(|digest| digest.get(..8));
    digest.map_or_else(|| told(EXPORT).to_owned(), |digest| format!("{} ({digest}…)", told(EXPORT)))
}

/// Renames the journal, which must be nobody's.
fn set_aside(journal: &Path, record: &RunRecord, places: &Places) -> anyhow::Result<PathBuf> {
    drop(FileJournal::open(journal)?);
    let mut kept = journal.as_os_str().to_owned();
    kept.push(format!(".{}", record.run_id()));
    let kept = PathBuf::from(kept);
    fs::rename(journal, &kept).with_context(|| format!("cannot rename the journal {}", journal.display()))?;
    places.clear();
    Ok(kept)
}

/// As in `2026-11-25`.
pub(crate) fn day(time: Timestamp) -> String {
    time.to_datetime().date().to_string()
}
