//! What must never happen to branches, and did in other systems.

use std::sync::mpsc::channel;
use std::thread;

use etl_context::{
    Context, Counts, Error, FailureCause, Phase, PhaseRecord, PhaseStatus, RunRecord, RunStatus, RunningPhase, Stopped,
};

use super::stores::on_every_store;
use super::{Both, Clean, Left, Merge, Nightly, Orders, Prices, Right, Two, Users};

fn attempts(record: &RunRecord, phase: &str) -> usize {
    record.phase(phase).map_or(0, PhaseRecord::attempts)
}

#[test]
fn a_completed_branch_is_not_run_again_on_restart() {
    on_every_store(|store| {
        let [left, right] = store.open().begin::<Two>().unwrap().fork();
        drop(left.phase(Left).run(|_| Ok::<_, String>(())).unwrap());
        drop(right.phase(Right).run(|_| Err::<(), _>("no connection".to_owned())).unwrap_err());

        let (joined, ((), ())) = store
            .open()
            .begin::<Two>()
            .unwrap()
            .phases((Left, Right))
            .run((|_left| -> Result<(), String> { panic!("it has completed") }, |_right| Ok::<_, String>(())))
            .unwrap();
        assert_eq!((attempts(joined.record(), "left"), attempts(joined.record(), "right")), (1, 2));
        drop(joined.phase(Both).run(|_| Ok::<_, String>(())).unwrap());

        // Everything is done: nothing runs again, also not what joins the branches.
        let [left, right] = store.open().begin::<Two>().unwrap().fork();
        let never = |_: &mut RunningPhase<'_, Left>| -> Result<(), String> { panic!("it has completed") };
        let left = left.phase(Left).run(never).unwrap().0;
        let right = right.phase(Right).run(|_| -> Result<(), String> { panic!("it has completed") }).unwrap().0;
        let both = left.join(right).unwrap().phase(Both).run(|_| -> Result<(), String> { panic!("it has completed") });
        assert_eq!(both.unwrap().0.record().run_status(), RunStatus::Completed);
    });
}

#[test]
fn what_runs_again_is_what_is_behind_in_the_pipeline_and_not_what_came_later() {
    on_every_store(|store| {
        let [users, orders, prices] = store.open().begin::<Nightly>().unwrap().fork();
        let clean =
            users.phase(Users).run(|_| Ok::<_, String>(())).unwrap().0.phase(Clean).run(|_| Ok::<_, String>(())).unwrap().0;
        // These come later than `users` and `clean`, and are behind neither.
        let orders = orders.phase(Orders).run(|_| Ok::<_, String>(())).unwrap().0;
        let prices = prices.phase(Prices).run(|_| Ok::<_, String>(())).unwrap().0;
        let joined = clean.join(orders).unwrap().join(prices).unwrap();
        drop(joined.phase(Merge).run(|_| Ok::<_, String>(())).unwrap());

        let [users, orders, prices] = store.open().begin::<Nightly>().unwrap().fork();
        let users = users.phase(Users).again().run(|_| Ok::<_, String>(())).unwrap().0;
        let clean = users.phase(Clean).run(|_| Ok::<_, String>(())).unwrap().0;
        let orders = orders.phase(Orders).run(|_| -> Result<(), String> { panic!("it has completed") }).unwrap().0;
        let prices = prices.phase(Prices).run(|_| -> Result<(), String> { panic!("it has completed") }).unwrap().0;
        let joined = clean.join(orders).unwrap().join(prices).unwrap();
        let (merged, ()) = joined.phase(Merge).run(|_| Ok::<_, String>(())).unwrap();
        let again = ["users", "clean", "orders", "prices", "merge"].map(|phase| attempts(merged.record(), phase));
        assert_eq!(again, [2, 2, 1, 1, 2]);
        assert_eq!(merged.record().run_status(), RunStatus::Completed);
    });
}

#[test]
fn a_join_never_happens_early() {
    on_every_store(|store| {
        let mut context = store.open().begin::<Two>().unwrap().erase();
        context.start_phase("left", None).unwrap();
        context.end_phase(()).unwrap();
        let early = context.start_phase("both", None).unwrap_err();
        assert_eq!(
            early.to_string(),
            "phase `both` cannot start after `left` in pipeline `Two`; it may start after `(left, right)`"
        );
        context.start_phase("right", None).unwrap();
        context.fail_phase(&std::io::Error::other("no connection")).unwrap();
        assert!(matches!(context.start_phase("both", None), Err(Error::OutOfOrder { .. })));
        context.start_phase("right", None).unwrap();
        context.end_phase(()).unwrap();
        context.start_phase("both", None).unwrap();
        context.end_phase(()).unwrap();
        // And once: its branches have not come to their ends a second time.
        assert!(matches!(context.start_phase("both", None), Err(Error::OutOfOrder { .. })));
        assert_eq!(context.record().run_status(), RunStatus::Completed);
    });
}

#[test]
fn a_stop_reaches_every_branch_and_stopped_branches_neither_complete_nor_fail() {
    on_every_store(|store| {
        let context = store.open().max_attempts(1).begin::<Two>().unwrap();
        let stopper = context.stopper();
        let (sender, running) = channel();
        let work = |running: std::sync::mpsc::Sender<()>| {
            move |is_cancelled: &dyn Fn() -> bool| {
                running.send(()).unwrap();
                while !is_cancelled() {
                    thread::yield_now();
                }
                Err::<(), _>(Stopped)
            }
        };
        let (left, right) = (work(sender.clone()), work(sender));
        let stopping = thread::spawn(move || {
            assert_eq!(running.iter().take(2).count(), 2);
            stopper.stop();
        });
        let outcome =
            context.phases((Left, Right)).run((|phase| left(&|| phase.is_cancelled()), |phase| right(&|| phase.is_cancelled())));
        stopping.join().unwrap();
        let (left, right) = outcome.unwrap_err().into_outcomes();
        let (left, _) = left.unwrap_err().into_parts().unwrap();
        let (right, _) = right.unwrap_err().into_parts().unwrap();
        assert_eq!((left.report().cause(), right.report().cause()), (Some(FailureCause::Stopped), Some(FailureCause::Stopped)));
        let summary = left.summary();
        assert_eq!((summary.status(), summary.error_count()), (RunStatus::Stopped, 0));
        drop((left, right));

        // It was no failure, so that the one attempt that is allowed is left.
        let (joined, ((), ())) = store
            .open()
            .max_attempts(1)
            .begin::<Two>()
            .unwrap()
            .phases((Left, Right))
            .run((|_left| Ok::<_, String>(()), |_right| Ok::<_, String>(())))
            .unwrap();
        assert_eq!(joined.record().run_status(), RunStatus::Unfinished);
    });
}

#[test]
fn a_run_is_not_completed_while_a_branch_is_open() {
    on_every_store(|store| {
        let [left, right] = store.open().begin::<Two>().unwrap().fork();
        let left = left.start(Left).unwrap().complete(()).unwrap();
        assert_eq!(left.summary().status(), RunStatus::Unfinished);
        assert_eq!(left.summary().next_phases(), ["right"]);
        let right = right.start(Right).unwrap();
        assert_eq!(left.summary().status(), RunStatus::Running);
        let right = right.complete(()).unwrap();
        assert_eq!(left.summary().status(), RunStatus::Unfinished);
        assert_eq!(left.summary().next_phases(), ["both"]);
        let both = left.join(right).unwrap().start(Both).unwrap().complete(()).unwrap();
        assert_eq!(both.summary().status(), RunStatus::Completed);
    });
}

#[test]
fn all_failures_are_told_in_the_order_of_the_phases() {
    on_every_store(|store| {
        let context = store.open().begin::<Two>().unwrap();
        let outcome = context.phases((Left, Right)).run((
            |_left| Err::<(), _>("no such user".to_owned()),
            |_right| Err::<(), _>(std::io::Error::other("no connection")),
        ));
        let error = Error::from(outcome.unwrap_err());
        assert_eq!(
            error.to_string(),
            "2 phases failed: phase `left` failed in attempt 1: no such user; phase `right` failed in attempt 1: no connection"
        );
        let Error::PhasesFailed { failures, .. } = error else { panic!("{error:?}") };
        assert_eq!(failures.len(), 2);
    });
}

#[test]
fn one_branch_is_retried_while_the_other_runs() {
    on_every_store(|store| {
        let [left, right] = store.open().begin::<Two>().unwrap().fork();
        let mut right = right.start(Right).unwrap();
        let left = left.start(Left).unwrap().fail("no connection").unwrap();
        right.update_progress(Counts { conversations: 1, messages: 2 });
        let left = left.retry().unwrap();
        right.checkpoint(&2).unwrap();
        let left = left.complete(()).unwrap();
        right.update_progress(Counts { conversations: 0, messages: 3 });
        let joined = left.join(right.complete(()).unwrap()).unwrap();
        let record = joined.record();
        assert_eq!((attempts(record, "left"), attempts(record, "right")), (2, 1));
        let right = record.phase("right").unwrap().latest_report().unwrap();
        assert_eq!(right.counts(), Counts { conversations: 1, messages: 5 });
    });
}

#[test]
fn a_resume_point_belongs_to_its_branch() {
    on_every_store(|store| {
        let [left, right] = store.open().begin::<Two>().unwrap().fork();
        let (mut left, mut right) = (left.start(Left).unwrap(), right.start(Right).unwrap());
        left.checkpoint(&900).unwrap();
        right.checkpoint(&5).unwrap();
        drop((left, right));

        let [left, right] = store.open().begin::<Two>().unwrap().fork();
        let (left, right) = (left.start(Left).unwrap(), right.start(Right).unwrap());
        assert_eq!(left.resume_point::<u64>().unwrap(), Some(900));
        assert_eq!(right.resume_point::<u64>().unwrap(), Some(5));
        drop((left.complete(()).unwrap(), right.complete(()).unwrap()));
    });
}

#[test]
fn what_a_failure_upstream_cut_off_is_not_completed() {
    on_every_store(|store| {
        let [users, orders, prices] = store.open().begin::<Nightly>().unwrap().fork();
        let orders = orders.start(Orders).unwrap().complete(()).unwrap();
        let prices = prices.start(Prices).unwrap().complete(()).unwrap();
        let users = users.start(Users).unwrap().fail("no connection").unwrap();
        let summary = users.summary();
        assert_eq!(summary.status(), RunStatus::Failed);
        assert_eq!(summary.next_phases(), ["users"]);
        drop((users, orders, prices));

        let record = store.open().begin::<Nightly>().unwrap();
        let record = record.record();
        assert_eq!((record.status("clean"), record.status("merge")), (PhaseStatus::Pending, PhaseStatus::Pending));
        assert_eq!(record.run_status(), RunStatus::Failed);
    });
}

#[test]
fn branches_of_different_runs_do_not_join_and_are_given_back() {
    on_every_store(|store| {
        let [left, _] = store.open().begin::<Two>().unwrap().fork();
        let [_, right] = Two::context("another").fork();
        let left = left.start(Left).unwrap().complete(()).unwrap();
        let right = right.start(Right).unwrap().complete(()).unwrap();
        let (left_run, right_run) = (left.record().run_id(), right.record().run_id());
        let ((left, right), error) = left.join(right).unwrap_err().into_parts();
        assert_eq!((left.record().run_id(), right.record().run_id()), (left_run, right_run));
        assert!(matches!(error, Error::NotJoined { .. }), "{error}");
    });
}

#[test]
fn a_phase_belongs_to_the_branch_that_starts_it() {
    on_every_store(|store| {
        let [one, other] = store.open().begin::<Two>().unwrap().fork();
        let one = one.start(Left).unwrap();
        let (other, error) = other.start(Left).unwrap_err().into_parts();
        assert_eq!(
            error.to_string(),
            "phase `left` was started in another branch of the run; let one branch go through it, and join the branches before \
             another does"
        );
        // Also when it has ended.
        let one = one.complete(()).unwrap();
        let (other, error) = other.start(Left).unwrap_err().into_parts();
        assert!(matches!(error, Error::InOtherBranch { .. }), "{error}");
        let other = other.start(Right).unwrap().complete(()).unwrap();
        assert_eq!(attempts(one.join(other).unwrap().record(), "left"), 1);
    });
}

#[test]
fn a_branch_that_is_dropped_abandons_its_phase_and_no_other_one() {
    on_every_store(|store| {
        let [left, right] = store.open().begin::<Two>().unwrap().fork();
        let mut left = left.start(Left).unwrap();
        left.update_progress(Counts { conversations: 0, messages: 7 });
        let right = right.start(Right).unwrap();
        drop(left);
        let summary = right.summary();
        let running = summary.running_phases().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(running, ["right"]);
        drop(right.complete(()).unwrap());

        let context: Context<_, Two> = store.open().begin().unwrap();
        let left = context.record().phase("left").unwrap().latest_report().unwrap();
        assert_eq!((left.cause(), left.counts().messages), (Some(FailureCause::Abandoned), 7));
        assert_eq!(context.record().status("right"), PhaseStatus::Completed);
    });
}

#[test]
fn of_two_starters_of_one_run_one_wins() {
    on_every_store(|store| {
        let first = store.open().begin::<Two>().unwrap().fork::<2>();
        if let Some(refused) = store.open_beside() {
            assert!(refused.is_owned(), "{refused}");
        }
        drop(first);
        drop(store.open().begin::<Two>().unwrap());
    });
}

#[test]
fn each_branch_may_be_divided_into_parts() {
    on_every_store(|store| {
        let context = store.open().begin::<Two>().unwrap();
        let (joined, ((), ())) = context
            .phases((Left, Right))
            .run((|left| in_parts(left, ["jan", "feb", "mar"]), |right| in_parts(right, ["jan", "feb", "apr"])))
            .unwrap();
        for phase in ["left", "right"] {
            let phase = joined.record().phase(phase).unwrap();
            assert_eq!((phase.parts().len(), phase.latest_report().unwrap().counts().messages), (3, 3));
        }
    });
}

fn in_parts<Ph: Phase<Counters = Counts>>(phase: &mut RunningPhase<'_, Ph>, names: [&str; 3]) -> Result<(), Error> {
    let parts = phase.parts(names)?;
    parts.work(|part| {
        part.update_progress(Counts { conversations: 0, messages: 1 });
        Ok::<_, String>(())
    })?;
    parts.finish()
}
