//~ a counter of `Rows` has an attribute that `counters!` cannot pass on

use etl_context::counters;

counters! {
    struct Rows {
        #[inline]
        rows: u64,
    }
}

fn main() {}
