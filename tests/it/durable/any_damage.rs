//! Whatever was recorded, and wherever its journal is cut or changed: what can be read is read, and no damage passes.

use etl_context::{Error, EtlContext, Run};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::every_cut::{goes_on, is_read_up_to_its_last_whole_line, loses_its_torn_end_and_tells};
use super::every_flip::{is_refused_by_its_owner_and_not_touched, is_refused_by_the_number_of_its_line};
use super::journal_file::JournalFile;
use super::properties::{Call, call, make};
use crate::cases::{gate, scheduled};

fn open(file: &JournalFile) -> Result<EtlContext, Error> {
    Run::builder("any").journal(file.open()).begin_dynamic()
}

/// What a run of these calls leaves when its process dies.
fn journal(calls: Vec<Call>) -> JournalFile {
    let file = JournalFile::new();
    let mut run = open(&file).unwrap();
    for call in calls {
        // A call that is refused leaves nothing.
        let _ = make(call, &mut run);
    }
    file.crashed()
}

fn cut(calls: Vec<Call>, place: Index) {
    let whole = journal(calls);
    let (bytes, events) = (whole.bytes(), whole.events());
    let length = place.index(bytes.len() + 1);
    is_read_up_to_its_last_whole_line(&bytes, &events, length);
    loses_its_torn_end_and_tells(&bytes, &events, length);
    goes_on(&bytes, &events, length, open);
}

fn change(calls: Vec<Call>, place: Index, difference: u8) {
    let bytes = journal(calls).bytes();
    let index = place.index(bytes.len());
    let mut changed = bytes.clone();
    changed[index] ^= difference;
    let file = JournalFile::with(&changed);
    is_refused_by_the_number_of_its_line(&file, &bytes, index);
    is_refused_by_its_owner_and_not_touched(&file, &changed);
}

proptest! {
    #![proptest_config(gate(300))]

    #[test]
    fn any_journal_that_is_cut_anywhere_goes_on_from_its_last_whole_line(calls in vec(call(), 0..20), place: Index) {
        cut(calls, place);
    }

    #[test]
    fn any_change_of_one_byte_of_any_journal_is_refused(calls in vec(call(), 0..20), place: Index, difference in 1..=u8::MAX) {
        change(calls, place, difference);
    }
}

proptest! {
    #![proptest_config(scheduled())]

    #[test]
    #[ignore = "the same, scheduled"]
    fn scheduled_journals_that_are_cut_go_on_from_their_last_whole_line(calls in vec(call(), 0..20), place: Index) {
        cut(calls, place);
    }

    #[test]
    #[ignore = "the same, scheduled"]
    fn scheduled_changes_of_one_byte_are_refused(calls in vec(call(), 0..20), place: Index, difference in 1..=u8::MAX) {
        change(calls, place, difference);
    }
}
