//! What an import cannot be faster than, as long as its work is done one after the other: making all rows and writing none, and
//! writing rows that were made before. Prints both, in seconds.
//!
//! `import_floors <export> <sqlite file>`

use std::path::PathBuf;
use std::time::Instant;

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
use crate::load::{Target, sqlite};
use crate::staging::Staging;
use crate::transform::{Cursor, Rows};

const ROWS: usize = 10_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [export, database] = arguments.as_slice() else { anyhow::bail!("import_floors <export> <sqlite file>") };
    let folder = tempfile::tempdir_in(database.parent().unwrap_or(database))?;
    let (export, staging) = (Export::open(export, folder.path())?, Staging::of_this_process(folder.path()));
    extract::extract(&export, &staging, &mut |_| Ok(()))?;
    transform::transform(&export, &staging, &mut |_| Ok(()))?;

    // What was made is given away at once, or the time to get memory for all of it would be counted.
    let begin = Instant::now();
    let mut rows = Rows::from(&export, &staging, Cursor::default())?;
    while !rows.next_batch(ROWS)?.is_empty() {}
    let parse = begin.elapsed();

    let mut rows = Rows::from(&export, &staging, Cursor::default())?;
    let database = sqlite::Database::open_to_load(database)?;
    let mut tables = database.tables();
    let mut insert = std::time::Duration::ZERO;
    loop {
        let batch = rows.next_batch(ROWS)?;
        if batch.is_empty() {
            break;
        }
        let begin = Instant::now();
        tables.write(&batch)?;
        tables.take_written()?.commit()?;
        insert += begin.elapsed();
    }
    println!("{} {}", parse.as_secs_f64(), insert.as_secs_f64());
    Ok(())
}
