//~ nothing stands behind `after` of phase `Load`; write `Idle`, or a phase

use etl_context::{Extract, Load, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Load after;
    }
}

fn main() {}
