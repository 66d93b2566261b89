//~ no phase of pipeline `Nightly` can be declared with what begins with `"extract"`; write `Extract after Idle;` for a phase that exists

use etl_context::pipeline;

pipeline! {
    Nightly {
        "extract" after Idle;
    }
}

fn main() {}
