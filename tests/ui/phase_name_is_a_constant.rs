//~ the name of phase `Validate` is written as a text in quotes, as in `Validate = "name" after Idle;`; `VALIDATE` is none

use etl_context::{Extract, pipeline};

const VALIDATE: &str = "validate";

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = VALIDATE after Extract;
    }
}

fn main() {}
