//! What a phase counts changed between two deployments: what was counted is found by its name, or the phase is not gone past.

use etl_context::{
    Completed, Context, Counters, Entry, Error, EtlContext, Idle, Pipeline, Run, RunningPhase, Tally, counters, pipeline,
};
use proptest::prelude::*;

use super::journal_file::JournalFile;

mod before {
    etl_context::counters! { pub(super) struct Rows { pub(super) rows: u64, pub(super) bytes: u64 } }
    etl_context::pipeline! { pub(super) Copy { Fetch = "fetch" counts Rows after Idle; } }
}

/// The same pipeline with counters that are written otherwise.
macro_rules! deployed {
    ($module:ident $($counters:tt)*) => {
        mod $module {
            etl_context::counters! { $($counters)* }
            etl_context::pipeline! { pub(super) Copy { Fetch = "fetch" counts Rows after Idle; } }
        }
    };
}

deployed! { ordered #[derive(PartialOrd)] pub(super) struct Rows { pub(super) bytes: u64, pub(super) rows: u64 } }
deployed! { longer pub(super) struct Rows { pub(super) files: u64, pub(super) rows: u64, pub(super) bytes: u64 } }
deployed! { shorter pub(super) struct Rows { pub(super) bytes: u64 } }
deployed! { renamed pub(super) struct Rows { pub(super) records: u64, pub(super) bytes: u64 } }

counters! { struct Other { rows: u64, files: u64 } }
pipeline! { Nothing { Fetch = "fetch" counts () after Idle; } }

/// A run whose phase counted before the program was changed.
fn counted() -> JournalFile {
    let file = JournalFile::new();
    let fetch = begin::<before::Copy>(&file).phase(before::Fetch);
    let work = |fetch: &mut RunningPhase<'_, before::Fetch>| {
        fetch.update_progress(before::Rows { rows: 1_000, bytes: 5 });
        Ok::<_, Error>(())
    };
    drop(fetch.run(work).unwrap());
    file
}

fn begin<P: Pipeline>(file: &JournalFile) -> Context<Idle, P> {
    Run::builder("copy").journal(file.open()).allow_other_pipeline().begin::<P>().unwrap()
}

/// What the changed program is told of the phase that it does not run.
macro_rules! told {
    ($file:expr, $module:ident) => {{
        let fetch = begin::<$module::Copy>($file).phase($module::Fetch);
        fetch.run(|_| -> Result<(), Error> { panic!("the phase runs again") }).map(|(fetched, ())| fetched.counts())
    }};
}

#[test]
fn what_was_counted_is_found_by_its_name() {
    let file = counted();
    assert_eq!(told!(&file, ordered).unwrap(), ordered::Rows { bytes: 5, rows: 1_000 });
    assert_eq!(told!(&file, longer).unwrap(), longer::Rows { files: 0, rows: 1_000, bytes: 5 });
    assert_eq!(told!(&file, shorter).unwrap(), shorter::Rows { bytes: 5 });
    let fetched = begin::<Nothing>(&file).phase(Fetch).run(|_| -> Result<(), Error> { panic!("the phase runs again") });
    let (fetched, ()) = fetched.unwrap();
    assert_eq!((fetched.counts(), fetched.report().tally().get("rows")), ((), Some(1_000)));
}

const SENTENCE: &str = "the count of phase `fetch` was recorded in another shape than the program asks for: \
                        it has rows, bytes, and the program counts records, bytes";

#[test]
fn a_phase_whose_counts_cannot_be_matched_is_not_gone_past() {
    let file = counted();
    let before = file.bytes();
    let error = Error::from(told!(&file, renamed).unwrap_err());
    assert!(matches!(error, Error::StoredShape { .. }), "{error}");
    assert_eq!(error.to_string(), SENTENCE);

    let (context, error) = begin::<renamed::Copy>(&file).enter(renamed::Fetch).unwrap_err().into_parts();
    assert_eq!(error.to_string(), SENTENCE);
    drop(context);

    let erased: EtlContext = begin::<renamed::Copy>(&file).erase();
    drop(erased.try_into_state::<Completed<renamed::Fetch>, renamed::Copy>().unwrap_err());
    assert_eq!(file.bytes(), before);

    let again = begin::<renamed::Copy>(&file).phase(renamed::Fetch).again();
    let (fetched, ()) = again.run(|_| Ok::<_, Error>(())).unwrap();
    assert_eq!(fetched.counts(), renamed::Rows::default());
}

#[test]
fn a_phase_that_counted_nothing_is_gone_past_when_it_counts_something() {
    let file = JournalFile::new();
    drop(begin::<Nothing>(&file).phase(Fetch).run(|_| Ok::<_, Error>(())).unwrap());
    assert_eq!(told!(&file, longer).unwrap(), longer::Rows::default());
    let (fetched, ()) = begin::<Nothing>(&file).phase(Fetch).run(|_| Err("the phase runs again")).unwrap();
    assert_eq!(fetched.report().tally(), &Tally::of(()));
}

#[test]
fn a_phase_that_is_entered_by_hand_has_its_counts() {
    let file = counted();
    let Entry::Done(fetched) = begin::<longer::Copy>(&file).enter(longer::Fetch).unwrap() else { panic!("it is done") };
    assert_eq!(fetched.counts().rows, 1_000);
}

proptest! {
    /// No count is told under another name, and none is lost without a word where something else is new.
    #[test]
    fn a_count_is_told_under_its_own_name_or_not_at_all(rows: u64, bytes: u64) {
        let tally = Tally::of(before::Rows { rows, bytes });
        prop_assert_eq!(tally.typed::<Other>(), None);
        prop_assert_eq!(tally.typed::<renamed::Rows>(), None);
        let longer = Tally::of(tally.typed::<longer::Rows>().unwrap());
        prop_assert_eq!(longer.get("rows"), Some(rows));
        prop_assert_eq!(longer.get("bytes"), Some(bytes));
        prop_assert_eq!(longer.get("files"), Some(0));
        prop_assert_eq!(longer.typed::<before::Rows>(), Some(before::Rows::from_values(before::Rows { rows, bytes }.to_values())));
    }
}
