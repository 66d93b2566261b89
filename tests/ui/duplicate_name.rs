//~ Phase name is invalid: `extract` names two phases of pipeline `Nightly`

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        ExtractAgain = "extract" after Extract;
    }
}

fn main() {}
