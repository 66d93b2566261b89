//~ phase `Validate` can start after `Idle`, a phase, `Failed<…>` of a phase, or all of several, as in `(Users, Orders)`, and ends with `;`

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" after "extract";
    }
}

fn main() {}
