//! A pipeline of one's own: its phases, what they count, and a way out of failure.
//!
//! Price lists are read, checked and loaded into a table. One line of today's list has no price, so the load fails; the
//! clean-up, which may follow a load that completed or failed, removes the half-written table. The pipeline is printed as a
//! Mermaid diagram, which Markdown viewers draw.
//!
//! ```text
//! cargo run --example custom_pipeline
//! ```

use etl_context::{Completed, Context, Error, Extract, Idle, Running, RunningPhase, counters, dict, pipeline};

counters! {
    /// What the load counts, instead of conversations and messages.
    pub struct Rows {
        /// Rows written.
        pub rows: u64,
        /// Their size.
        pub bytes: u64,
    }
}

pipeline! {
    /// The nightly import of price lists.
    pub Nightly {
        Extract after Idle;
        /// Drops the lines that are comments.
        Validate = "validate" after Extract;
        /// Writes the table. Small lists are loaded without validation.
        LoadTable = "load-table" counts Rows after Validate | Extract;
        /// Removes what a load has left behind.
        CleanUp = "clean-up" after LoadTable | Failed<LoadTable>;
    }
}

const PRICES: &str = "# 2026-11-20\napple 120\npear 95\nquince\nplum 80";

fn main() -> Result<(), Error> {
    println!("{}", Nightly::mermaid());
    let (mut lines, mut table) = (Vec::new(), Vec::new());

    let validated = read(Nightly::context("price-lists"), PRICES, &mut lines)?;
    let clean_up = load(validated, &lines, &mut table)?;
    let cleaned = clean_up.complete(dict! { "rows_left": table.len() })?;

    println!("\n{}", cleaned.summary());
    Ok(())
}

/// Extracts and validates.
fn read<'a>(
    context: Context<Idle, Nightly>,
    prices: &'a str,
    lines: &mut Vec<&'a str>,
) -> Result<Context<Completed<Validate>, Nightly>, Error> {
    let extracted = context.start(Extract)?.complete(dict! { "source": "prices.txt" })?;
    let validate = extracted.start(Validate)?;
    lines.extend(prices.lines().filter(|line| !line.starts_with('#')));
    Ok(validate.complete(dict! { "kept": lines.len() })?)
}

/// Loads, and goes on to the clean-up whether that completed or failed. Both ways lead to the same type.
fn load<'a>(
    validated: Context<Completed<Validate>, Nightly>,
    lines: &[&'a str],
    table: &mut Vec<(&'a str, u64)>,
) -> Result<Context<Running<CleanUp>, Nightly>, Error> {
    match validated.phase(LoadTable).run(|load| write(lines, table, load)) {
        Ok((loaded, ())) => Ok(loaded.start(CleanUp)?),
        Err(failure) => {
            let (failed, error) = failure.into_parts()?;
            println!("the load failed after {} rows: {error}", table.len());
            table.clear();
            Ok(failed.start(CleanUp)?)
        }
    }
}

/// Writes one row for each line. Counting messages here would not compile: this phase counts rows.
fn write<'a>(lines: &[&'a str], table: &mut Vec<(&'a str, u64)>, load: &mut RunningPhase<'_, LoadTable>) -> Result<(), String> {
    for line in lines {
        let (product, price) = line.split_once(' ').ok_or_else(|| format!("`{line}` has no price"))?;
        table.push((product, price.parse().map_err(|_| format!("`{price}` is no price"))?));
        load.update_progress(Rows { rows: 1, bytes: line.len() as u64 });
    }
    Ok(())
}
