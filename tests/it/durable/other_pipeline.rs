//! A program changes from one release to the next. Its run goes on with the pipeline that it has now, and says so.

use etl_context::{Error, Etl, Event, Extract, Load, Run, RunBuilder, Transform, pipeline};

use super::journal_file::JournalFile;

mod then {
    use etl_context::{Extract, Load, pipeline};

    pipeline! {
        pub(super) Nightly {
            Extract after Idle;
            Load after Extract;
        }
    }
}

pipeline! {
    Nightly {
        Extract after Idle;
        Transform after Extract;
        Load after Transform;
    }
}

fn builder(file: &JournalFile) -> RunBuilder {
    Run::builder("nightly").journal(file.open())
}

fn pipeline_events(file: &JournalFile) -> usize {
    file.events().iter().filter(|event| matches!(event, Event::PipelineChanged { .. })).count()
}

#[test]
fn another_shape_is_recorded_told_and_shown_from_then_on() {
    let file = JournalFile::new();
    drop(builder(&file).begin::<then::Nightly>().unwrap().start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(file.record().pipeline().unwrap().edges().len(), 2);

    let context = builder(&file).begin::<Nightly>().unwrap();
    let recovery = context.recovery().unwrap();
    assert_eq!(
        recovery.pipeline_changes,
        [
            "new in the pipeline: `transform after extract`, `load after transform`",
            "gone from the pipeline: `load after extract`"
        ]
    );
    assert!(recovery.to_string().contains("; new in the pipeline: `transform after extract`"), "{recovery}");
    assert_eq!(context.record().pipeline().unwrap().edges().len(), 3);
    assert!(context.summary().to_markdown().contains("phase1[\"transform\"]"), "the diagram is that of today");
    drop(context);
    assert_eq!((file.record().pipeline().unwrap().edges().len(), pipeline_events(&file)), (3, 1));

    let again = builder(&file).begin::<Nightly>().unwrap();
    assert_eq!((again.recovery().unwrap().pipeline_changes.len(), pipeline_events(&file)), (0, 1), "it is recorded once");
}

#[test]
fn another_name_is_refused_by_both_names_unless_it_is_allowed() {
    let file = JournalFile::new();
    drop(builder(&file).begin::<Nightly>().unwrap());
    let before = file.bytes();
    let error = builder(&file).begin::<Etl>().unwrap_err();
    let Error::OtherRun { difference, remedy, .. } = &error else { panic!("{error}") };
    assert_eq!(difference, "it keeps to the pipeline `Nightly`, not `Etl`");
    assert!(remedy.contains("allow_other_pipeline"), "{remedy}");
    assert_eq!(file.bytes(), before);

    let context = builder(&file).allow_other_pipeline().begin::<Etl>().unwrap();
    assert_eq!(context.recovery().unwrap().pipeline_changes, ["the pipeline was `Nightly` and is now `Etl`"]);
    assert_eq!(context.record().pipeline().unwrap().name(), "Etl");
}

#[test]
fn a_run_that_kept_to_no_pipeline_keeps_to_one_from_then_on() {
    let file = JournalFile::new();
    drop(builder(&file).begin_dynamic().unwrap());
    let context = builder(&file).begin::<Nightly>().unwrap();
    assert_eq!(context.recovery().unwrap().pipeline_changes, ["the run kept to no pipeline, and now keeps to `Nightly`"]);
    drop(context);
    // Who looks after the run without keeping to its pipeline changes nothing.
    let dynamic = builder(&file).begin_dynamic().unwrap();
    assert_eq!(dynamic.record().pipeline().unwrap().name(), "Nightly");
    assert_eq!(pipeline_events(&file), 1);
}
