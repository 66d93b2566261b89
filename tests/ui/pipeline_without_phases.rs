//~ pipeline `Nightly` has no phase; declare at least one, as in `Extract after Idle;`

use etl_context::pipeline;

pipeline! {
    Nightly {}
}

fn main() {}
