//~ a `;` is missing behind phase `Validate`, which ends with what it may start after

use etl_context::{Extract, Load, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" after Extract
        Load after Validate;
    }
}

fn main() {}
