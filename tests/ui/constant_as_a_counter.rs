//~ each counter of `Rows` is written as `rows: u64`, with a `,` between two of them

use etl_context::counters;

counters! {
    struct Rows { const ROWS: u64 = 1 }
}

fn main() {}
