//! Phases side by side: what a fork, its branches and their join promise, whatever the journal.

mod closures;
mod fork_and_join;
#[cfg(unix)]
mod kill_loop;
#[cfg(all(unix, feature = "postgres", feature = "testing"))]
mod killed_in_a_database;
mod properties;
mod rules;
#[cfg(all(unix, feature = "postgres", feature = "testing"))]
mod transactions;

// What the tests above share, each named for what it is.
#[cfg(unix)]
mod forked_import;
mod stores;

use etl_context::pipeline;

pipeline! {
    /// One branch of two phases and two of one.
    pub(crate) Nightly {
        Users = "users" after Idle;
        Clean = "clean" after Users;
        Orders = "orders" after Idle;
        Prices = "prices" after Idle;
        Merge = "merge" after (Clean, Orders, Prices);
    }
}

pipeline! {
    pub(crate) Two {
        Left = "left" after Idle;
        Right = "right" after Idle;
        Both = "both" after (Left, Right);
    }
}
