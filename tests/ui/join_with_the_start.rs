//~ `(Idle, Users)` is nothing that a phase can start after

use etl_context::pipeline;

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Merge = "merge" after (Idle, Users);
    }
}

fn main() {}
