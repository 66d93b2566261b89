//~ phase `Extract` exists, so of its attributes `pipeline!` takes comments, `cfg` and lints only; put the others where it is declared

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        #[deprecated]
        Extract after Idle;
    }
}

fn main() {}
