//~ one `pipeline!` declares one pipeline; write another one for what stands behind `Nightly`

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly { Extract after Idle; }
    Weekly { Extract after Idle; }
}

fn main() {}
