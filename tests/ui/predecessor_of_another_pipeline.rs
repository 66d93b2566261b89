//~ phase `load` cannot start after `transform`, which is no phase of pipeline `Nightly`

use etl_context::{Extract, Load, Transform, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Load after Extract | Transform;
    }
}

fn main() {}
