//~ `pipeline!` declares the type itself; write `Nightly { … }`, without `struct`

use etl_context::{Extract, pipeline};

pipeline! {
    pub struct Nightly {
        Extract after Idle;
    }
}

fn main() {}
