//~ phase `Validate` can start after `Idle`, a phase, or `Failed<…>` of a phase, and ends with `;`

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" after "extract";
    }
}

fn main() {}
