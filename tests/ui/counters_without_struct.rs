//~ counters are a struct; write `struct Rows { … }`

use etl_context::counters;

counters! {
    pub Rows { rows: u64 }
}

fn main() {}
