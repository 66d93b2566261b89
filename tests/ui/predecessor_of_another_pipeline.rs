//~ phase `load` can never start in pipeline `Nightly`

use etl_context::{Extract, Load, Transform, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Load after Transform;
    }
}

fn main() {}
