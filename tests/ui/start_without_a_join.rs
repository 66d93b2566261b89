//~ phase `Merge` cannot start after `Users` in pipeline `Nightly`

use etl_context::{Error, pipeline};

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

fn main() -> Result<(), Error> {
    let [users, _orders] = Nightly::context("nightly").fork();
    let users = users.start(Users)?.complete(())?;
    users.start(Merge)?;
    Ok(())
}
