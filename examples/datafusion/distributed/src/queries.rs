//! What is asked? Two queries over the messages, which run as they are, in one process or on many.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::cast::as_string_array;
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::functions_window::expr_fn::{lag, row_number};
use datafusion::logical_expr::{ColumnarValue, Expr, ExprFunctionExt, ScalarUDF, Volatility, cast, create_udf, when};
use datafusion::prelude::{DataFrame, col, lit};

/// A pause so long ends a session.
const PAUSE_IN_SECONDS: i64 = 30 * 60;
const WORDS_OF_A_CONVERSATION: u64 = 5;

/// How many sessions each person had on each day, and of how many messages. A session begins with a message that its sender sends
/// half an hour or more after the one before it.
pub fn sessions(messages: DataFrame) -> Result<DataFrame> {
    let seconds = cast(col("sent"), DataType::Int64);
    let before =
        lag(seconds.clone(), Some(1), None).partition_by(vec![col("sender")]).order_by(vec![col("sent").sort(true, false)]);
    let messages = messages.select(vec![col("sender"), col("sent"), before.build()?.alias("before")])?;
    let begins = col("before").is_null().or((seconds - col("before")).gt_eq(lit(PAUSE_IN_SECONDS)));
    let begun = when(begins, lit(1_i64)).otherwise(lit(0_i64))?;
    let day = cast(cast(col("sent"), DataType::Date32), DataType::Utf8);
    messages
        .aggregate(vec![col("sender"), day.alias("day")], vec![sum(begun).alias("sessions"), all().alias("messages")])?
        .sort(vec![col("sender").sort(true, false), col("day").sort(true, false)])
}

/// The words that are said most often in each conversation, with the most frequent first.
pub fn words(messages: DataFrame) -> Result<DataFrame> {
    let said = messages.select(vec![col("conversation"), words_of().call(vec![col("text")]).alias("word")])?;
    let said = said.unnest_columns(&["word"])?.aggregate(vec![col("conversation"), col("word")], vec![all().alias("times")])?;
    let by_times = vec![col("times").sort(false, false), col("word").sort(true, false)];
    let place = row_number().partition_by(vec![col("conversation")]).order_by(by_times).build()?;
    said.select(vec![col("conversation"), place.alias("place"), col("word"), col("times")])?
        .filter(col("place").lt_eq(lit(WORDS_OF_A_CONVERSATION)))?
        .sort(vec![col("conversation").sort(true, false), col("place").sort(true, false)])
}

fn all() -> Expr {
    count(lit(1_i64))
}

/// The words of a text, each once. It is no function of the engine's, so coordinator and workers register it.
pub fn words_of() -> ScalarUDF {
    let words = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)));
    create_udf("words_of", vec![DataType::Utf8], words, Volatility::Immutable, Arc::new(|texts| split(&texts[0])))
}

fn split(texts: &ColumnarValue) -> Result<ColumnarValue> {
    let texts = texts.to_array(1)?;
    let texts = as_string_array(&texts)?;
    let mut words = ListBuilder::with_capacity(StringBuilder::new(), texts.len());
    for text in texts {
        let mut known = HashSet::new();
        for word in text.unwrap_or_default().split_whitespace().filter(|word| known.insert(*word)) {
            words.values().append_value(word);
        }
        words.append(true);
    }
    Ok(ColumnarValue::Array(Arc::new(words.finish())))
}
