//~ each counter has a name, under which it is reported; write `struct Rows { rows: u64 }`

use etl_context::counters;

counters! {
    struct Rows(u64);
}

fn main() {}
