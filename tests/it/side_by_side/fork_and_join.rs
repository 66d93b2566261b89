//! A run forks, its branches go their ways, and become one again.

use etl_context::{Counts, Error, PhaseStatus, Position, RunStatus};

use super::{Clean, Merge, Nightly, Orders, Prices, Users};

#[test]
fn three_branches_are_joined_and_the_run_is_completed() -> Result<(), Error> {
    let [users, orders, prices] = Nightly::context("nightly").fork();
    let (users, ()) = users.phase(Users).run(|_| Ok::<_, String>(()))?;
    let orders = orders.start(Orders)?;
    assert_eq!(users.summary().status(), RunStatus::Running);
    let (clean, ()) = users.phase(Clean).run(|clean| {
        clean.update_progress(Counts { conversations: 1, messages: 2 });
        Ok::<_, String>(())
    })?;
    let orders = orders.complete(())?;
    assert_eq!(orders.record().status("users"), PhaseStatus::Pending);
    let prices = prices.start(Prices)?.complete(())?;
    let joined = clean.join(orders)?.join(prices)?;
    assert_eq!(joined.record().status("users"), PhaseStatus::Completed);
    assert_eq!(joined.record().run_status(), RunStatus::Unfinished);
    assert_eq!(joined.record().position().to_string(), "Joined<(clean, orders, prices)>");
    assert_eq!(joined.record().next_phases(), ["merge"]);
    let merged = joined.start(Merge)?.complete(())?;
    assert_eq!(merged.record().position(), Position::Completed("merge".parse()?));
    assert_eq!(merged.record().run_status(), RunStatus::Completed);
    Ok(())
}
