//~ a phase of pipeline `Nightly` has an attribute that `pipeline!` cannot pass on

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        #[inline]
        Validate = "validate" after Extract;
    }
}

fn main() {}
