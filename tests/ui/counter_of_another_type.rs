//~ counter `rows` of `Rows` is a `u32`; every counter is a `u64`, and other numbers go into the result

use etl_context::counters;

counters! {
    struct Rows { rows: u32, bytes: u64 }
}

fn main() {}
