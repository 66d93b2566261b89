//~ phase `validate` can never start in pipeline `Nightly`

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" after Repair;
        Repair = "repair" after Validate;
    }
}

fn main() {}
