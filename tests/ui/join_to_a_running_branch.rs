//~ Branches are joined when their phases have completed: this one is `Running<Users>`

use etl_context::{Error, pipeline};

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

fn main() -> Result<(), Error> {
    let [users, orders] = Nightly::context("nightly").fork();
    let users = users.start(Users)?;
    let orders = orders.start(Orders)?.complete(())?;
    users.join(orders)?;
    Ok(())
}
