//~ phase `Clean` cannot start after `Orders` in pipeline `Nightly`

use etl_context::{Error, pipeline};

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Clean = "clean" after Users;
        Orders = "orders" after Idle;
        Merge = "merge" after (Clean, Orders);
    }
}

fn main() -> Result<(), Error> {
    let [_users, orders] = Nightly::context("nightly").fork();
    let orders = orders.start(Orders)?.complete(())?;
    orders.start(Clean)?;
    Ok(())
}
