//! Phases side by side: what a fork, its branches and their join promise.

use std::collections::BTreeMap;

use etl_context::{Counts, Error, PhaseStatus, Position, RunStatus, pipeline};

pipeline! {
    /// One branch of two phases and two of one.
    pub Nightly {
        Users = "users" after Idle;
        Clean = "clean" after Users;
        Orders = "orders" after Idle;
        Prices = "prices" after Idle;
        Merge = "merge" after (Clean, Orders, Prices);
    }
}

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

pipeline! {
    Two {
        Left = "left" after Idle;
        Right = "right" after Idle;
        Both = "both" after (Left, Right);
    }
}

#[test]
fn closures_have_results_and_errors_of_their_own() -> Result<(), Error> {
    let (joined, (left, ())) = Two::context("two").phases((Left, Right)).run((
        |left| {
            left.update_progress(Counts { conversations: 1, messages: 0 });
            Ok::<_, std::io::Error>(BTreeMap::from([("rows".to_owned(), 3)]))
        },
        |_right| Ok::<_, String>(()),
    ))?;
    assert_eq!(left["rows"], 3);
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn futures_are_polled_in_one_task() -> Result<(), Error> {
    let not_send = std::rc::Rc::new(1);
    let run = async {
        Two::context("two")
            .phases((Left, Right))
            .run_async((
                async |_left| {
                    assert_eq!(*not_send, 1);
                    Ok::<_, std::io::Error>(())
                },
                async |_right| Ok::<_, String>(()),
            ))
            .await
    };
    let (joined, ((), ())) = futures::executor::block_on(run)?;
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}
