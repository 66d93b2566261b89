//~ phase `Extract` exists, and counts what its own declaration says; leave `counts` out here, or declare a new phase by `Extract = "name"`

use etl_context::{Extract, counters, pipeline};

counters! {
    struct Rows { rows: u64 }
}

pipeline! {
    Tables {
        Extract counts Rows after Idle;
    }
}

fn main() {}
