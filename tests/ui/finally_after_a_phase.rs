//~ phase `Notify` is one that runs finally, wherever the run stands; leave out `finally`, or what stands behind `after`

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        finally Notify = "notify" after Extract;
    }
}

fn main() {}
