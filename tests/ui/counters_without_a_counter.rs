//~ `Nothing` counts nothing; a phase that counts nothing is declared with `counts ()`

use etl_context::counters;

counters! {
    struct Nothing {}
}

fn main() {}
