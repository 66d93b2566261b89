//~ use of moved value: `orders`

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
    let joined = users.join(orders)?;
    joined.join(orders)?;
    Ok(())
}
