//~ a `,` is missing behind counter `rows` of `Rows`

use etl_context::counters;

counters! {
    struct Rows {
        rows: u64
        bytes: u64
    }
}

fn main() {}
