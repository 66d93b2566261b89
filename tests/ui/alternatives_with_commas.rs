//~ phase `Load` may start after one of several others; put `|` between them, and not `,`

use etl_context::{Extract, Load, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" after Extract;
        Load after Extract, Validate;
    }
}

fn main() {}
