//~ A phase is already in progress: the context is `Running<Users>`

use etl_context::{Error, pipeline};

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

fn main() -> Result<(), Error> {
    let [_one, _other] = Nightly::context("nightly").start(Users)?.fork();
    Ok(())
}
