//~ Phase name is invalid: `Validate!` does not start with a lower-case letter (a-z)

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "Validate!" after Extract;
    }
}

fn main() {}
