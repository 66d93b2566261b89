//! What opening a run again mends is told, and done once.

use std::convert::Infallible;

use etl_context::{Context, Counts, Etl, Event, Extract, FailureCause, PhaseStatus, Transform};

use super::journal_file::JournalFile;
use super::nightly_run::{builder, export, extracted, finished, open, open_dynamic};

/// A run whose process died while its second phase was running, for the second time.
fn died_in_transform() -> JournalFile {
    let file = extracted();
    let (context, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let transform = context.start(Transform).unwrap().fail("no disk").unwrap();
    let mut transform = transform.retry().unwrap();
    transform.update_progress(Counts { conversations: 3, messages: 30 });
    transform.checkpoint("at 30").unwrap();
    transform.update_progress(Counts { conversations: 1, messages: 1 });
    file.crashed()
}

#[test]
fn a_new_run_has_nothing_to_recover_from() {
    assert_eq!(open(&JournalFile::new()).recovery(), None);
    assert_eq!(Context::new("in memory").recovery(), None);
}

#[test]
fn a_run_that_is_opened_again_tells_what_it_found() {
    let context = open(&died_in_transform());
    let recovery = context.recovery().unwrap();
    assert_eq!(recovery.events, 7);
    assert_eq!(recovery.completed, [etl_context::PhaseName::new("extract")]);
    assert_eq!(recovery.interrupted, Some((etl_context::PhaseName::new("transform"), 2)));
    assert!(recovery.repairs.is_empty());
    let told = recovery.to_string();
    assert_eq!(told, "resumed after 7 events; completed: extract; attempt 2 at transform was interrupted");
}

#[test]
fn a_torn_line_is_told_with_where_it_is_kept() {
    let file = finished();
    let torn = [&file.bytes(), &b"{\"seq\":7"[..]].concat();
    file.write(&torn);
    let context = open(&file);
    let repairs = &context.recovery().unwrap().repairs;
    let [repair] = &repairs[..] else { panic!("{repairs:?}") };
    assert!(repair.contains("line 8 ") && repair.contains(".torn-at-"), "{repair}");
    assert!(context.recovery().unwrap().to_string().contains(repair));
}

#[test]
fn the_attempt_that_was_running_is_recorded_as_interrupted() {
    let file = died_in_transform();
    let context = open_dynamic(&file);
    assert_eq!(context.get_phase_status("transform"), PhaseStatus::Failed);
    assert_eq!(context.current_phase(), None);
    let report = context.report("transform").unwrap();
    assert_eq!((report.attempt(), report.cause()), (2, Some(FailureCause::Interrupted)));
    assert_eq!(*context.record(), file.record());
}

#[test]
fn an_interrupted_attempt_is_reported_as_of_its_last_sign_of_life() {
    let file = died_in_transform();
    let last = file.record().latest_time();
    let context = open_dynamic(&file);
    let report = context.report("transform").unwrap();
    assert_eq!(report.end_time(), last);
    assert_eq!(report.counts(), Counts { conversations: 3, messages: 30 });
}

#[test]
fn recovering_a_second_time_changes_nothing() {
    let file = died_in_transform();
    drop(open(&file));
    let recovered = file.bytes();
    for _ in 0..3 {
        let context = open(&file);
        assert_eq!(context.recovery().unwrap().interrupted, None);
        drop(context);
        assert_eq!(file.bytes(), recovered);
    }
}

#[test]
fn recovery_that_is_itself_cut_short_is_done_again() {
    let file = died_in_transform();
    let before = file.bytes().len();
    drop(open(&file));
    let recovered = file.bytes();
    for length in before..recovered.len() {
        let file = JournalFile::with(&recovered[..length]);
        let context = open(&file);
        assert_eq!(context.recovery().unwrap().interrupted.as_ref().map(|(_, attempt)| *attempt), Some(2));
        drop(context);
        assert_eq!(file.bytes(), recovered, "the same report whenever it is made");
    }
}

#[test]
fn a_run_that_ended_its_phase_was_not_interrupted() {
    for file in [finished(), extracted()] {
        assert_eq!(open(&file).recovery().unwrap().interrupted, None);
    }
}

#[test]
fn a_context_that_was_dropped_was_abandoned_and_not_interrupted() {
    let file = JournalFile::new();
    drop(open(&file).start(Extract).unwrap());
    let context = open_dynamic(&file);
    assert_eq!(context.recovery().unwrap().interrupted, None);
    assert_eq!(context.report("extract").unwrap().cause(), Some(FailureCause::Abandoned));
}

#[test]
fn observers_hear_of_the_interruption() {
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<Event>>>);

    impl etl_context::Observer for Heard {
        fn observe(
            &mut self,
            event: &Event,
            _: &etl_context::Observation<'_>,
        ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            self.0.lock().unwrap().push(event.clone());
            Ok(())
        }
    }

    let heard = Heard::default();
    drop(builder(&died_in_transform()).observe(heard.clone()).begin::<Etl>().unwrap());
    let heard = heard.0.lock().unwrap();
    let [Event::PhaseEnded { report, .. }] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(report.cause(), Some(FailureCause::Interrupted));
}
