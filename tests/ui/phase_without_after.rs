//~ phase `Validate` does not say after what it may start; write `Validate = "validate" after Idle;`, or after a phase

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate";
    }
}

fn main() {}
