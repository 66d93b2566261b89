//! An import of three branches, one of them of two phases, that can go on from any of its rows.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::thread;

use etl_context::{Counts, Phase, RunBuilder, RunningPhase};
use serde::{Deserialize, Serialize};

use super::{Clean, Merge, Nightly, Orders, Prices, Users};

/// Rows in each phase; every one is a unit of work with a checkpoint of its own.
pub(crate) const ROWS: u64 = 25;

pub(crate) const PHASES: [&str; 5] = ["users", "clean", "orders", "prices", "merge"];

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

type Sums = BTreeMap<String, u64>;

/// How far a phase is, and what came out of it so far.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) rows: u64,
    sum: u64,
}

/// Runs the import, or goes on with it; `target` is where it merges to. What was accepted is told as soon as it is.
pub(crate) fn import(run: RunBuilder, target: &Path, told: &(impl Fn(&str) + Sync)) -> Result<Sums, Failure> {
    let [users, orders, prices] = run.begin::<Nightly>()?.fork();
    told("opened");
    let joined = thread::scope(|scope| {
        let cleaned = scope.spawn(|| -> Result<_, Failure> {
            let (users, sums) = users.phase(Users).run(|users| rows(users, told, &sums(1), |_, _| Ok(())))?;
            told("ended users");
            Ok(users.phase(Clean).run(|clean| rows(clean, told, &sums, |_, _| Ok(())))?)
        });
        let orders = scope.spawn(|| orders.phase(Orders).run(|orders| rows(orders, told, &sums(2), |_, _| Ok(()))));
        let (prices, of_prices) = prices.phase(Prices).run(|prices| rows(prices, told, &sums(3), |_, _| Ok(())))?;
        told("ended prices");
        let (orders, of_orders) = orders.join().unwrap()?;
        told("ended orders");
        let (clean, of_clean) = cleaned.join().unwrap()?;
        told("ended clean");
        let sum = [of_clean, of_orders, of_prices].iter().fold(0_u64, |all, sums| all.wrapping_add(sums["sum"]));
        Ok::<_, Failure>((clean.join(orders)?.join(prices)?, sum))
    });
    let (joined, sum) = joined?;
    let (merged, result) = joined.phase(Merge).run(|merge| {
        let mut table = OpenOptions::new().create(true).append(true).open(target)?;
        // One write, so that a row is there or not: the commit of this target.
        rows(merge, told, &sums(sum), |row, sum| Ok(table.write_all(format!("{row} {sum}\n").as_bytes())?))
    })?;
    told("ended merge");
    assert_eq!(merged.record().run_status(), etl_context::RunStatus::Completed);
    Ok(result)
}

fn sums(sum: u64) -> Sums {
    BTreeMap::from([("sum".to_owned(), sum)])
}

fn rows<Ph: Phase<Counters = Counts>>(
    phase: &mut RunningPhase<'_, Ph>,
    told: &impl Fn(&str),
    seed: &Sums,
    mut load: impl FnMut(u64, u64) -> Result<(), Failure>,
) -> Result<Sums, Failure> {
    let mut cursor = phase.resume_point()?.unwrap_or(Cursor { rows: 0, sum: seed["sum"] });
    while cursor.rows < ROWS {
        cursor.sum = cursor.sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(cursor.rows);
        load(cursor.rows, cursor.sum)?;
        cursor.rows += 1;
        phase.update_progress(Counts { conversations: 0, messages: 1 });
        phase.checkpoint(&cursor)?;
        told(&format!("checkpoint {} {}", Ph::NAME, cursor.rows));
    }
    Ok(sums(cursor.sum))
}
