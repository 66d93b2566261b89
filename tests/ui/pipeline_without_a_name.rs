//~ a pipeline is declared with its name and its phases, as in `pipeline! { pub Nightly { Extract after Idle; } }`

use etl_context::{Extract, pipeline};

pipeline! {
    Extract after Idle;
}

fn main() {}
