//! What would a chat service export? Messages in several Parquet files; here they are made up, and the same each time.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use datafusion::arrow::array::{RecordBatch, StringArray, TimestampSecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::table::Table;

const FILES: u64 = 8;
const ROWS_OF_A_BATCH: u64 = 8_192;
const CONVERSATIONS: u64 = 40;
const PEOPLE: u64 = 200;
/// 2026-11-02, a Monday.
const FIRST_MESSAGE: u64 = 1_793_577_600;
/// So many seconds after the message before it.
const PAUSE: u64 = 3;

const SYLLABLES: [&str; 16] =
    ["an", "bel", "cor", "den", "el", "fin", "gar", "hol", "is", "jun", "kel", "lor", "mar", "nor", "os", "pel"];

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("conversation", DataType::Utf8, false),
        Field::new("sender", DataType::Utf8, false),
        Field::new("sent", DataType::Timestamp(TimeUnit::Second, None), false),
        Field::new("text", DataType::Utf8, false),
    ]))
}

/// Writes so many messages into files of this folder; `written` is told how many rows each batch had.
pub fn write(messages: u64, folder: &Path, mut written: impl FnMut(u64) -> Result<()>) -> Result<()> {
    for file in 0..FILES {
        let mut table = Table::create(&folder.join(format!("part-{file}.parquet")), schema())?;
        let (first, behind) = (messages * file / FILES, messages * (file + 1) / FILES);
        for start in (first..behind).step_by(ROWS_OF_A_BATCH as usize) {
            let batch = batch(start..behind.min(start + ROWS_OF_A_BATCH))?;
            table.write(&batch)?;
            written(batch.num_rows() as u64)?;
        }
        table.finish()?;
    }
    Ok(())
}

fn batch(numbers: std::ops::Range<u64>) -> Result<RecordBatch> {
    let conversation = |number| format!("conversation {}", mixed(number, 1) % CONVERSATIONS);
    let sender = |number| format!("person {}", mixed(number, 2) % PEOPLE);
    let sent = |number| i64::try_from(FIRST_MESSAGE + number * PAUSE).unwrap_or(i64::MAX);
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(StringArray::from_iter_values(numbers.clone().map(conversation))),
            Arc::new(StringArray::from_iter_values(numbers.clone().map(sender))),
            Arc::new(TimestampSecondArray::from_iter_values(numbers.clone().map(sent))),
            Arc::new(StringArray::from_iter_values(numbers.map(text))),
        ],
    )?)
}

fn text(number: u64) -> String {
    let words = 1 + mixed(number, 3) % 7;
    (0..words).map(|place| word(mixed(number, 4 + place))).collect::<Vec<_>>().join(" ")
}

/// The smaller of two numbers, so that some words are said more often than others.
fn word(chance: u64) -> String {
    let number = (chance % 1_000).min(chance / 1_000 % 1_000) as usize;
    [number % 16, number / 16 % 16, number / 256].map(|syllable| SYLLABLES[syllable]).concat()
}

/// A number as good as a random one, and the same each time: that of `splitmix64`.
fn mixed(number: u64, salt: u64) -> u64 {
    let mut mixed = number.wrapping_mul(64).wrapping_add(salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
