//~ behind the name of phase `Validate` stands `after`, or `counts` and then `after`, as in `Validate = "validate" after Idle;`

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" follows Extract;
    }
}

fn main() {}
