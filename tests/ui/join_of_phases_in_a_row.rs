//~ phase `merge` of pipeline `Nightly` cannot join `users` and `clean`, of which one leads to the other

use etl_context::pipeline;

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Clean = "clean" after Users;
        Merge = "merge" after (Users, Clean);
    }
}

fn main() {}
