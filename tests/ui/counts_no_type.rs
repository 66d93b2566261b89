//~ what phase `LoadTables` counts is named by its type, as in `counts Rows after Extract`, or is `()` for nothing

use etl_context::{Extract, pipeline};

pipeline! {
    Tables {
        Extract after Idle;
        LoadTables = "load-tables" counts { rows: u64 } after Extract;
    }
}

fn main() {}
