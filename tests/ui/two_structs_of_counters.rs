//~ one `counters!` declares one struct; `Rows` is not the end of this one

use etl_context::counters;

counters! {
    struct Rows { rows: u64 }
    struct Files { files: u64 }
}

fn main() {}
