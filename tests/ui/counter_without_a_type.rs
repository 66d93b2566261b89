//~ counter `rows` of `Rows` has no type; write `rows: u64`

use etl_context::counters;

counters! {
    struct Rows { rows, bytes: u64 }
}

fn main() {}
