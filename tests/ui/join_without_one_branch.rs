//~ phase `Merge` cannot start after `(Users, Orders)` in pipeline `Nightly`

use etl_context::{Error, pipeline};

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Prices = "prices" after Idle;
        Merge = "merge" after (Users, Orders, Prices);
    }
}

fn main() -> Result<(), Error> {
    let [users, orders, _prices] = Nightly::context("nightly").fork();
    let users = users.start(Users)?.complete(())?;
    let orders = orders.start(Orders)?.complete(())?;
    users.join(orders)?.start(Merge)?;
    Ok(())
}
