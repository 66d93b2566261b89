//~ counters are declared as a struct, as in `counters! { pub struct Rows { pub rows: u64 } }`

use etl_context::counters;

counters! {
    enum Rows { Read, Written }
}

fn main() {}
