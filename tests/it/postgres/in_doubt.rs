//! Whoever does not know whether an event was committed does not say that it was not.

use std::thread;
use std::time::Duration;

use etl_context::{Error, JournalError};

use super::doubtful::Doubtful;
use super::patience::eventually;

/// A lease that nobody waits for.
const LONG: Duration = Duration::from_secs(30);

fn refusal(error: Error) -> (String, JournalError) {
    let told = error.to_string();
    let Error::Journal { source, .. } = error else { panic!("{told}") };
    (told, source)
}

/// The answer to a commit is lost, and then the role is refused, which does not pass.
fn is_in_doubt_when_refused(refuse: &str, state: &str, allow: &str) {
    let Some(doubtful) = Doubtful::new() else { return };
    let mut extract = doubtful.extracting(LONG);
    extract.checkpoint(&1).unwrap();
    doubtful.set(&refuse.replace("ROLE", &doubtful.role.0));
    doubtful.relay.lose_an_answer();
    let (told, refused) = refusal(extract.checkpoint(&2).unwrap_err());
    assert!(refused.is_in_doubt(), "{told}");
    assert!(told.starts_with("it is not known whether the event `checkpointed` of run `import` was recorded"), "{told}");
    assert!(told.ends_with(state), "{told}");

    // Nothing else is taken for somebody else's.
    let (told, refused) = refusal(extract.checkpoint(&3).unwrap_err());
    assert!(refused.to_string().starts_with("the journal takes no more events, for it is not known"), "{told}");
    doubtful.set(&allow.replace("ROLE", &doubtful.role.0));
    drop(extract);
    assert_eq!(doubtful.rows(), [1, 2]);
}

#[test]
fn a_role_that_may_not_log_in_any_more() {
    is_in_doubt_when_refused("alter role ROLE nologin", "(SQLSTATE 28000)", "alter role ROLE login");
}

#[test]
fn a_password_that_was_changed() {
    let (refuse, allow) = ("alter role ROLE password 'changed'", "alter role ROLE password 'until then'");
    is_in_doubt_when_refused(refuse, "(SQLSTATE 28P01)", allow);
}

/// A standby that took over tells what it has, though it takes nothing.
#[test]
fn an_event_is_found_on_a_server_that_takes_no_more() {
    let Some(doubtful) = Doubtful::new() else { return };
    let mut extract = doubtful.extracting(LONG);
    doubtful.set_for_all("default_transaction_read_only = on");
    doubtful.relay.lose_an_answer();
    extract.checkpoint(&1).unwrap();
    doubtful.set_for_all("default_transaction_read_only = off");
    drop(extract);
    assert_eq!(doubtful.rows(), [1]);
}

const SLOW: &str = "
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(3600); return new; end $$;
    create trigger slow before update on etl_context.runs for each row execute function slow()";

#[test]
fn an_event_is_found_though_the_statement_that_would_repeat_it_times_out() {
    let Some(doubtful) = Doubtful::new() else { return };
    let mut extract = doubtful.extracting(LONG);
    extract.checkpoint(&1).unwrap();
    doubtful.relay.lose_an_answer();
    // For those who connect from now on, so that the event itself is written in time.
    doubtful.set_for_all("statement_timeout = '5s'");
    extract.checkpoint(&2).unwrap();
    doubtful.set(SLOW);
    let (told, refused) = refusal(extract.checkpoint(&3).unwrap_err());
    assert!(told.contains("so it has not happened") && told.ends_with("(SQLSTATE 57014)"), "{told}");
    assert!(!refused.is_in_doubt());
    doubtful.set("drop trigger slow on etl_context.runs");
    extract.checkpoint(&4).unwrap();
    drop(extract);
    assert_eq!(doubtful.rows(), [1, 2, 4]);
}

#[test]
fn a_server_that_takes_nothing_yet_is_waited_for() {
    let Some(doubtful) = Doubtful::new() else { return };
    let mut extract = doubtful.extracting(LONG);
    doubtful.set_for_all("default_transaction_read_only = on");
    let before = doubtful.relay.connections();
    doubtful.relay.cut_after(0);
    thread::scope(|scope| {
        let recording = scope.spawn(|| extract.checkpoint(&1));
        eventually("it has been refused", || (doubtful.relay.connections() > before + 2).then_some(()));
        doubtful.set_for_all("default_transaction_read_only = off");
        recording.join().unwrap().unwrap();
    });
    drop(extract);
    assert_eq!(doubtful.rows(), [1]);
}

/// Then nothing was sent, and it is known that it has not happened.
#[test]
fn what_was_never_sent_has_not_happened() {
    let Some(doubtful) = Doubtful::new() else { return };
    let mut extract = doubtful.extracting(LONG);
    let role = &doubtful.role.0;
    doubtful.set(&format!("alter role {role} nologin"));
    doubtful.set(&format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{role}'"));
    eventually("it is refused", || {
        let (told, refused) = refusal(extract.checkpoint(&1).unwrap_err());
        // The first one may still be sent on the connection that the server is closing.
        assert!(!refused.is_in_doubt() || told.contains("28000"), "{told}");
        told.contains("so it has not happened").then_some(())
    });
}

/// The answer to a commit of the program's own is lost, and then the database cannot be asked.
#[test]
fn the_end_of_a_phase_in_a_transaction() {
    let Some(doubtful) = Doubtful::new() else { return };
    let extract = doubtful.extracting(LONG);
    let mut client = doubtful.database.client();
    let mut transaction = client.transaction().unwrap();
    let end = extract.complete_in(&mut transaction, ()).unwrap();
    transaction.commit().unwrap();
    doubtful.set(&format!("alter role {} nologin", doubtful.role.0));
    doubtful.relay.cut_after(0);
    let (refused, error) = end.committed().unwrap_err().into_parts();
    let (told, error) = refusal(error);
    assert!(error.is_in_doubt(), "{told}");
    assert!(told.starts_with("it is not known whether the event `phase_ended` of run `import` was recorded"), "{told}");
    drop(refused);
}
