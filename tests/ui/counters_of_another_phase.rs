//~ expected `Rows`, found `Counts`

use etl_context::{Counts, Error, counters, pipeline};

counters! {
    struct Rows { rows: u64 }
}

pipeline! {
    Tables {
        LoadTables = "load-tables" counts Rows after Idle;
    }
}

fn main() -> Result<(), Error> {
    let mut load = Tables::context("import").start(LoadTables)?;
    load.update_progress(Counts { conversations: 1, messages: 20 });
    Ok(())
}
