//! How do the answers come into the database? All of them in one transaction, with the end of the phase.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use etl_context::RunningPhase;
use rusqlite::{Transaction, params_from_iter};

use crate::job::{Load, Work};

/// Makes a table of each folder.
pub fn load(tables: [(&str, &Path); 2], phase: &mut RunningPhase<'_, Load>, transaction: &mut Transaction<'_>) -> Result<()> {
    for (name, folder) in tables {
        let file = folder.join("part-0.parquet");
        let rows = File::open(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let rows = ParquetRecordBatchReaderBuilder::try_new(rows)?;
        transaction.execute_batch(&format!("drop table if exists {name}; create table {name} ({})", columns(rows.schema())))?;
        for batch in rows.build()? {
            let batch = batch?;
            insert(name, &batch, transaction)?;
            let rows = batch.num_rows() as u64;
            phase.update_progress(Work { rows, read: rows, ..Work::default() });
            phase.check_cancelled()?;
        }
    }
    Ok(())
}

fn columns(schema: &Schema) -> String {
    let columns = schema.fields().iter().map(|field| format!("{} {}", field.name(), sqlite_type(field.data_type())));
    columns.collect::<Vec<_>>().join(", ")
}

/// A text that is a number becomes one in a column of this type.
pub fn sqlite_type(of: &DataType) -> &'static str {
    if of.is_integer() { "integer" } else { "text" }
}

fn insert(table: &str, rows: &RecordBatch, transaction: &Transaction<'_>) -> Result<()> {
    let places = vec!["?"; rows.num_columns()].join(", ");
    let mut insert = transaction.prepare(&format!("insert into {table} values ({places})"))?;
    let options = FormatOptions::default();
    let columns = rows.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    for row in 0..rows.num_rows() {
        insert.execute(params_from_iter(columns.iter().map(|column| column.value(row).to_string())))?;
    }
    Ok(())
}
