//! A branch that ends in a transaction of the caller's, and another one that records something meanwhile.

use std::sync::mpsc::channel;
use std::thread;

use etl_context::{Context, Error, PostgresJournal, Run, Running};
use postgres::Client;

use super::{Both, Left, Right, Two};
use crate::postgres::server::{TestDatabase, database};

type Failure = Box<dyn std::error::Error>;
type Work<Ph> = Context<Running<Ph>, Two>;

/// A client of the database, and both branches, in each of which a phase is running.
fn running(database: &TestDatabase) -> Result<(Client, Work<Left>, Work<Right>), Failure> {
    let journal = PostgresJournal::connect(database.url())?;
    let [left, right] = Run::builder("two").journal(journal).begin::<Two>()?.fork();
    Ok((database.client(), left.start(Left)?, right.start(Right)?))
}

#[test]
fn another_branch_waits_until_the_transaction_is_committed() -> Result<(), Failure> {
    let Some(database) = database() else { return Ok(()) };
    let (mut client, left, mut right) = running(&database)?;
    let mut transaction = client.transaction()?;
    let end = left.complete_in(&mut transaction, ())?;
    let (sender, recorded) = channel();
    let right = thread::spawn(move || {
        right.checkpoint(&7).unwrap();
        sender.send(()).unwrap();
        right
    });
    // It cannot have been recorded: its place in the journal may be taken by the end of the other branch.
    assert!(recorded.try_recv().is_err());
    transaction.commit()?;
    let left = end.committed()?;
    recorded.recv()?;
    let joined = left.join(right.join().unwrap().complete(())?)?;
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn on_the_same_thread_another_branch_is_refused_until_then() -> Result<(), Failure> {
    let Some(database) = database() else { return Ok(()) };
    let (mut client, left, mut right) = running(&database)?;
    let mut transaction = client.transaction()?;
    let end = left.complete_in(&mut transaction, ())?;
    let refused = right.checkpoint(&7).unwrap_err();
    assert!(matches!(refused, Error::Journal { .. }));
    assert!(refused.to_string().contains("this thread has written the end of another branch into a transaction"), "{refused}");
    transaction.commit()?;
    let left = end.committed()?;
    right.checkpoint(&7)?;
    drop(left.join(right.complete(())?)?.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn a_transaction_that_is_rolled_back_lets_the_others_go_on() -> Result<(), Failure> {
    let Some(database) = database() else { return Ok(()) };
    let (mut client, left, mut right) = running(&database)?;
    let mut transaction = client.transaction()?;
    let end = left.complete_in(&mut transaction, ())?;
    transaction.rollback()?;
    let (left, error) = end.committed().unwrap_err().into_parts();
    assert!(error.to_string().contains("its transaction was not committed"), "{error}");
    right.checkpoint(&7)?;
    let joined = left.complete(())?.join(right.complete(())?)?;
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn nothing_more_is_recorded_once_it_is_not_known_what_became_of_a_transaction() -> Result<(), Failure> {
    let Some(database) = database() else { return Ok(()) };
    let (mut client, left, mut right) = running(&database)?;
    let mut transaction = client.transaction()?;
    // It is let go of while the transaction is open, so that nobody can know.
    drop(left.complete_in(&mut transaction, ())?);
    let refused = right.checkpoint(&7).unwrap_err();
    assert!(refused.to_string().contains("open the run again to find out"), "{refused}");
    transaction.rollback()?;
    Ok(())
}
