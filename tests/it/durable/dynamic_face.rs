//! The dynamic face goes on with a run as the typed one does.

use std::convert::Infallible;

use etl_context::{Completed, Context, Counts, Error, Etl, Extract, PhaseStatus, Transform, dict};

use super::journal_file::JournalFile;
use super::nightly_run::{builder, export, open, open_dynamic};

/// What a program does that has its phases from a configuration: start what is not completed.
fn go_through(file: &JournalFile, phases: &[&str]) -> Vec<String> {
    let mut context = open_dynamic(file);
    let mut ran = Vec::new();
    for phase in phases {
        if context.get_phase_status(phase) != PhaseStatus::Completed {
            context.start_phase(phase, None).unwrap();
            context.end_phase(dict! { "file": format!("{phase}.out") }).unwrap();
            ran.push((*phase).to_owned());
        }
    }
    ran
}

#[test]
fn statuses_are_there_for_the_next_process() {
    let file = JournalFile::new();
    assert_eq!(go_through(&file, &["extract", "transform"]), ["extract", "transform"]);
    assert_eq!(go_through(&file, &["extract", "transform", "load"]), ["load"]);
    assert!(go_through(&file, &["extract", "transform", "load"]).is_empty());
    assert_eq!(open_dynamic(&file).get_phase_status("never-heard-of"), PhaseStatus::Pending);
}

#[test]
fn the_report_of_a_phase_is_the_one_that_its_end_returned() {
    let file = JournalFile::new();
    let mut context = open_dynamic(&file);
    context.start_phase("extract", Counts { conversations: 5, messages: 100 }).unwrap();
    context.update_progress(Counts { conversations: 5, messages: 90 }).unwrap();
    let report = context.end_phase(dict! { "file": "a", "messages_processed": 91 }).unwrap();
    drop(context);
    let context = open_dynamic(&file);
    assert_eq!(context.report("extract"), Some(&report));
    assert_eq!(serde_json::to_value(context.report("extract")).unwrap(), serde_json::to_value(&report).unwrap());
    assert_eq!(context.report("load"), None);
}

#[test]
fn a_phase_goes_on_from_its_last_checkpoint() {
    let file = JournalFile::new();
    let mut context = open_dynamic(&file);
    context.start_phase("load", None).unwrap();
    context.checkpoint(&dict! { "row": 7 }).unwrap();
    let crashed = file.crashed();
    let mut context = open_dynamic(&crashed);
    assert_eq!(context.get_phase_status("load"), PhaseStatus::Failed);
    context.start_phase("load", None).unwrap();
    assert_eq!(context.resume_point::<etl_context::Dictionary>().unwrap().unwrap()["row"], 7);
    assert_eq!(context.end_phase(()).unwrap().attempt(), 2);
    context.start_phase("load", None).unwrap();
    assert_eq!(context.resume_point::<u64>().unwrap(), None);
}

#[test]
fn errors_and_overrides_are_there_for_the_next_process() {
    let file = JournalFile::new();
    let mut context = open_dynamic(&file);
    context.record_error("load", &etl_context::JournalError::new("outer").with_source("inner")).unwrap();
    context.set_phase_status("load", "completed").unwrap();
    let errors = context.errors().to_vec();
    drop(context);
    let context = open_dynamic(&file);
    assert_eq!(context.errors(), errors);
    assert_eq!(context.errors()[0].sources().collect::<Vec<_>>(), ["inner"]);
    let overrides = context.record().phase("load").unwrap().overrides();
    assert_eq!((overrides[0].from(), overrides[0].to()), (PhaseStatus::Pending, PhaseStatus::Completed));
}

#[test]
fn a_pipeline_keeps_its_order_by_name_as_well() {
    let file = JournalFile::new();
    drop(open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap());
    let mut context = builder(&file).begin::<Etl>().unwrap().erase();
    assert!(matches!(context.start_phase("load", None), Err(Error::OutOfOrder { .. })));
    assert!(matches!(context.start_phase("laod", None), Err(Error::InvalidPhaseName { .. })));
    context.start_phase("transform", None).unwrap();
}

#[test]
fn one_face_goes_on_where_the_other_was() {
    let file = JournalFile::new();
    let mut context = open_dynamic(&file);
    context.start_phase("extract", None).unwrap();
    context.end_phase(export()).unwrap();
    drop(context);
    let (extracted, result) = open(&file).phase(Extract).run(|_| -> Result<_, Infallible> { Ok(panic_if_run()) }).unwrap();
    assert_eq!(result, export());
    drop(extracted.start(Transform).unwrap().complete(()).unwrap());
    let context = open_dynamic(&file);
    assert_eq!(context.get_phase_status("transform"), PhaseStatus::Completed);
    let _: Context<Completed<Transform>> = context.try_into_state::<_, Etl>().unwrap();
}

fn panic_if_run() -> super::nightly_run::Export {
    panic!("the phase runs again")
}
