//! What is recorded can be read again: a result that could not is refused while the phase is still open.

use std::collections::BTreeMap;

use etl_context::{
    Completed, Context, Error, Etl, EtlContext, Extract, Idle, MemoryJournal, PhaseFailure, PhaseResult, PhaseStatus, Run, dict,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Page {
    limit: u64,
    total: u64,
}

/// Has `limit` twice.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Users {
    limit: u64,
    #[serde(flatten)]
    page: Page,
}

impl PhaseResult for Users {}

fn users() -> Users {
    Users { limit: 10, page: Page { limit: 100, total: 7 } }
}

/// `serde` reads the keys of a flattened map as texts only.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct ById {
    #[serde(flatten)]
    rows: BTreeMap<u32, u64>,
}

impl PhaseResult for ById {}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Skipping {
    rows: u64,
    #[serde(skip_serializing)]
    secret: u64,
}

impl PhaseResult for Skipping {}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(BTreeMap<String, u64>),
    Tuple(u64, u64),
    Struct { limit: u64, page: Page },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Shapes {
    shapes: Vec<Shape>,
    again: Option<Box<Shapes>>,
}

impl PhaseResult for Shapes {}

fn context(journal: &MemoryJournal) -> Context {
    Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap()
}

const TWICE: &str = "its key `limit` is there twice, and only one of the two would be kept";

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let extract = Context::new("import").start(Extract).unwrap();
    let (mut extract, error) = extract.complete(users()).unwrap_err().into_parts();
    assert_eq!(error.to_string(), format!("the result of phase `extract` cannot be recorded: {TWICE}"));
    let error = extract.checkpoint(&vec![Some(users())]).unwrap_err();
    assert_eq!(error.to_string(), format!("the checkpoint of phase `extract` cannot be recorded: {TWICE}"));
    let error = extract.complete(dict! { "of": { "users": [users()] } }).unwrap_err().into_parts().1;
    assert_eq!(error.to_string(), format!("the result of phase `extract` cannot be recorded: {TWICE}"));

    let mut dynamic = EtlContext::new("import");
    dynamic.start_phase("extract", None).unwrap();
    assert!(matches!(dynamic.end_phase(users()).unwrap_err(), Error::NotSerializable { .. }));
    dynamic.end_phase(Page { limit: 1, total: 1 }).unwrap();

    let error = Run::builder("import").parameters(&users()).begin::<Etl>().unwrap_err();
    assert_eq!(error.to_string(), format!("the parameters of the run cannot be taken: {TWICE}"));
}

#[test]
fn a_key_that_is_there_once_in_each_object_is_taken() {
    let shapes = || {
        vec![
            Shape::Unit,
            Shape::Newtype([("limit".to_owned(), 1)].into()),
            Shape::Tuple(1, 2),
            Shape::Struct { limit: 1, page: Page { limit: 2, total: 3 } },
        ]
    };
    let inside = Shapes { shapes: shapes(), again: None };
    let shapes = Shapes { shapes: shapes(), again: Some(Box::new(inside)) };
    let (extracted, shapes) = Context::new("import").phase(Extract).run(|_| Ok::<_, Error>(shapes)).unwrap();
    let stored = serde_json::Value::Object(extracted.report().result().unwrap().clone());
    assert_eq!(serde_json::from_value::<Shapes>(stored).unwrap(), shapes);
}

type Outcome<R> = Result<(Context<Completed<Extract>>, R), PhaseFailure<Extract, Error, Idle, Etl>>;

/// The phase is open, nothing says that it has ended, and the next run does the work.
fn assert_refused<R: std::fmt::Debug>(journal: &MemoryJournal, outcome: Outcome<R>, reason: &str) {
    let Err(PhaseFailure::NotEnded { refused, error: None }) = outcome else { panic!("{outcome:?}") };
    let (extract, error) = refused.into_parts();
    assert_eq!(
        error.to_string(),
        format!("the result of phase `extract` cannot be recorded: it could not be read back: {reason}")
    );
    assert_eq!(extract.status(Extract), PhaseStatus::Running);
    drop(extract.complete(dict! { "rows": 1 }).unwrap());
    assert_eq!(context(journal).recovery().unwrap().interrupted, None);
}

#[test]
fn a_result_that_could_not_be_read_back_is_refused_before_the_end_is_recorded() {
    let journal = MemoryJournal::new();
    let mut done = 0;
    let outcome = context(&journal).phase(Extract).run(|_| {
        done += 1;
        Ok(ById { rows: [(7, 1)].into() })
    });
    assert_refused(&journal, outcome, "invalid type: string \"7\", expected u32");
    assert_eq!(done, 1);

    let journal = MemoryJournal::new();
    let outcome = context(&journal).phase(Extract).run(|_| Ok(Skipping { rows: 1, secret: 2 }));
    assert_refused(&journal, outcome, "missing field `secret`");
}

#[test]
fn so_it_is_where_the_work_awaits() {
    let journal = MemoryJournal::new();
    let extract = context(&journal).phase(Extract);
    let outcome = futures::executor::block_on(extract.run_async(async |_| Ok(ById { rows: [(7, 1)].into() })));
    assert_refused(&journal, outcome, "invalid type: string \"7\", expected u32");
}
