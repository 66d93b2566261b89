//! An import of three branches, one of them of two phases, that can go on from any of its rows.

use std::path::Path;
use std::thread;

use etl_context::{Journal, Run, RunStatus};

use super::{Clean, Merge, Nightly, Orders, Prices, Users};
use crate::long_import::{Failure, Sum, load_rows, rows};

/// Rows in each phase; every one is a unit of work with a checkpoint of its own.
pub(crate) const ROWS: u64 = 25;

/// Runs the import, or goes on with it; `target` is where it merges to. What was accepted is told as soon as it is.
pub(crate) fn import(journal: impl Journal + 'static, target: &Path, told: &(impl Fn(&str) + Sync)) -> Result<Sum, Failure> {
    let [users, orders, prices] = Run::builder("long import").journal(journal).begin::<Nightly>()?.fork();
    told("opened");
    let tell = || |what: &str| told(what);
    let (joined, seed) = thread::scope(|scope| -> Result<_, Failure> {
        let cleaned = scope.spawn(|| -> Result<_, Failure> {
            let (users, sum) = users.phase(Users).run(|users| rows(users, &mut tell(), ROWS, 1, |_, _| Ok(())))?;
            told("ended users");
            Ok(users.phase(Clean).run(|clean| rows(clean, &mut tell(), ROWS, sum.sum, |_, _| Ok(())))?)
        });
        let orders = scope.spawn(|| orders.phase(Orders).run(|orders| rows(orders, &mut tell(), ROWS, 2, |_, _| Ok(()))));
        let (prices, of_prices) = prices.phase(Prices).run(|prices| rows(prices, &mut tell(), ROWS, 3, |_, _| Ok(())))?;
        told("ended prices");
        let (orders, of_orders) = orders.join().unwrap()?;
        told("ended orders");
        let (clean, of_clean) = cleaned.join().unwrap()?;
        told("ended clean");
        let seed = [of_clean, of_orders, of_prices].iter().fold(0_u64, |all, of_branch| all.wrapping_add(of_branch.sum));
        Ok((clean.join(orders)?.join(prices)?, seed))
    })?;
    let (merged, sum) = joined.phase(Merge).run(|merge| load_rows(merge, &mut tell(), ROWS, seed, target))?;
    told("ended merge");
    assert_eq!(merged.record().run_status(), RunStatus::Completed);
    Ok(sum)
}
