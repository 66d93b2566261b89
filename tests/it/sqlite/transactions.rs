//! A branch that works in a transaction of the caller's, and another one that records something meanwhile.

use std::sync::mpsc::channel;
use std::thread;

use etl_context::{Context, Phase, Run, Running};
use rusqlite::Connection;

use super::database_file::DatabaseFile;
use crate::side_by_side::{Both, Left, Right, Two};

type Failure = Box<dyn std::error::Error>;
type Work<Ph> = Context<Running<Ph>, Two>;

/// A connection to the database, and both branches, in each of which a phase is running.
fn running(database: &DatabaseFile) -> Result<(Connection, Work<Left>, Work<Right>), Failure> {
    let [left, right] = Run::builder("two").journal(database.open()).begin::<Two>()?.fork();
    Ok((database.connection(), left.start(Left)?, right.start(Right)?))
}

#[test]
fn another_branch_waits_until_the_transaction_is_committed() -> Result<(), Failure> {
    let database = DatabaseFile::new();
    let (mut connection, left, mut right) = running(&database)?;
    let transaction = connection.transaction()?;
    let end = left.complete_in(&transaction, ())?;
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
    let database = DatabaseFile::new();
    let (mut connection, left, mut right) = running(&database)?;
    let transaction = connection.transaction()?;
    let end = left.complete_in(&transaction, ())?;
    let refused = right.checkpoint(&7).unwrap_err();
    assert!(refused.to_string().contains("this thread has written the end of another branch into a transaction"), "{refused}");
    transaction.commit()?;
    let left = end.committed()?;
    right.checkpoint(&7)?;
    drop(left.join(right.complete(())?)?.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn while_a_branch_works_in_a_transaction_the_others_wait_for_it() -> Result<(), Failure> {
    let database = DatabaseFile::new();
    let [left, right] = Run::builder("two").journal(database.open()).begin::<Two>()?.fork();
    let (mut connection, mut right) = (database.connection(), right.start(Right)?);
    connection.execute_batch("create table target (row integer)")?;
    let (begun, hears) = channel();
    let other = thread::spawn(move || {
        hears.recv().unwrap();
        right.checkpoint(&7).unwrap();
        right
    });
    let (left, ()) = left.phase(Left).run_in(&mut connection, |left, transaction| {
        transaction.execute("insert into target values (1)", [])?;
        let refused = left.checkpoint(&1).unwrap_err();
        assert!(refused.to_string().contains("a phase that works in a transaction"), "{refused}");
        begun.send(()).unwrap();
        Ok::<_, rusqlite::Error>(())
    })?;
    let joined = left.join(other.join().unwrap().complete(())?)?;
    drop(joined.start(Both)?.complete(())?);
    Ok(())
}

#[test]
fn branches_commit_their_batches_in_turns() -> Result<(), Failure> {
    let database = DatabaseFile::new();
    let (connection, left, right) = running(&database)?;
    connection.execute_batch("create table target (row integer)")?;
    let (left, right) = thread::scope(|scope| {
        let left = scope.spawn(|| loaded(&database, left));
        let right = scope.spawn(|| loaded(&database, right));
        (left.join().unwrap(), right.join().unwrap())
    });
    drop(left.complete(())?.join(right.complete(())?)?.start(Both)?.complete(())?);
    assert_eq!(connection.query_row("select count(*) from target", [], |row| row.get::<_, i64>(0))?, 40);
    Ok(())
}

fn loaded<Ph: Phase>(database: &DatabaseFile, mut branch: Work<Ph>) -> Work<Ph> {
    let mut connection = database.connection();
    for row in 0..20 {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        transaction.execute("insert into target values (?1)", [row]).unwrap();
        branch.checkpoint_in(transaction, &row).unwrap();
    }
    branch
}
