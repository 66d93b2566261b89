//! What threads end while an end is being recorded is recorded together, and nothing is lost that was acknowledged.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use etl_context::{
    Context, Counts, Error, Etl, Event, Extract, Journal, JournalError, MemoryJournal, Part, PhaseRecord, PhaseStatus, Run,
    RunRecord, RunningPhase, pipeline,
};

const THREADS: usize = 8;
const PARTS: usize = 200;

fn names() -> impl Iterator<Item = String> {
    (0..PARTS).map(|number| format!("part {number:03}"))
}

#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn count(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(Counts { conversations: 1, messages: part.name()[5..].parse().unwrap() });
    Ok(())
}

/// By many threads at once.
fn work(extract: &mut RunningPhase<'_, Extract>) -> Result<(), Error> {
    let parts = extract.parts(names())?;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| parts.work(count));
        }
    });
    parts.finish()
}

/// Takes its time, in which other threads come to an end, and remembers how many events came with each call.
#[derive(Clone, Default)]
struct SlowJournal {
    kept: MemoryJournal,
    calls: Arc<Mutex<Vec<usize>>>,
    takes_one_by_one: bool,
}

impl SlowJournal {
    fn called(&self, events: usize) {
        thread::sleep(Duration::from_millis(1));
        self.calls.lock().unwrap().push(events);
    }

    fn calls(&self) -> Vec<usize> {
        self.calls.lock().unwrap().clone()
    }
}

impl Journal for SlowJournal {
    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        self.called(1);
        self.kept.append(sequence, event)
    }

    fn append_all(&mut self, sequence: u64, events: &[Event]) -> Option<Result<(), JournalError>> {
        if self.takes_one_by_one {
            return None;
        }
        self.called(events.len());
        self.kept.append_all(sequence, events)
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        self.kept.load()
    }
}

fn run(journal: &SlowJournal) -> RunRecord {
    let context = Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap();
    let (extracted, ()) = context.phase(Extract).run(work).unwrap();
    let messages = (0..PARTS as u64).sum();
    assert_eq!(extracted.counts(), Counts { conversations: PARTS as u64, messages });
    extracted.record().clone()
}

/// The same as the events add up to, in which each part ends once.
fn is_replayed(journal: &SlowJournal, record: &RunRecord) {
    let events = journal.clone().load().unwrap();
    assert_eq!(RunRecord::replay(&events).as_ref(), Some(record));
    assert_eq!(events.iter().filter(|event| event.name() == "part_ended").count(), PARTS);
}

#[test]
fn ends_that_come_while_one_is_recorded_share_the_next_call() {
    let journal = SlowJournal::default();
    let record = run(&journal);
    is_replayed(&journal, &record);
    let calls = journal.calls();
    assert_eq!(calls.iter().sum::<usize>(), usize::try_from(record.events()).unwrap());
    assert!(calls.len() < PARTS && calls.iter().all(|events| *events <= THREADS), "{calls:?}");
}

#[test]
fn a_journal_that_takes_one_event_at_a_time_gets_them_one_by_one() {
    let journal = SlowJournal { takes_one_by_one: true, ..SlowJournal::default() };
    let record = run(&journal);
    is_replayed(&journal, &record);
    assert!(journal.calls().iter().all(|events| *events == 1));
}

pipeline! {
    Two {
        Extract after Idle;
        Other = "other" after Idle;
        Both = "both" after (Extract, Other);
    }
}

/// In which the other branch records its events between those of the parts.
#[test]
fn so_do_the_ends_of_parts_in_a_branch() {
    let journal = SlowJournal::default();
    let context = Run::builder("import").journal(journal.clone()).begin::<Two>().unwrap();
    let [extract, other] = context.fork();
    let (extracted, other) = thread::scope(|scope| {
        let other =
            scope.spawn(move || other.phase(Other).run(|other| (0..50).try_for_each(|row| other.checkpoint(&row))).unwrap().0);
        (extract.phase(Extract).run(work).unwrap().0, other.join().unwrap())
    });
    let joined = extracted.join(other).unwrap();
    is_replayed(&journal, joined.record());
    assert!(journal.calls().iter().any(|events| *events > 1));
}

/// Which parts have completed by these events.
fn completed(record: &RunRecord) -> BTreeSet<String> {
    let parts = record.phase("extract").map(PhaseRecord::parts).into_iter().flatten();
    parts.filter(|part| part.status() == PhaseStatus::Completed).map(|part| part.name().to_owned()).collect()
}

/// Ends all parts by many threads, each part by hand, and says which ends were acknowledged.
fn end_by_hand(extract: &mut RunningPhase<'_, Extract>, acknowledged: &(impl Fn(&str) + Sync)) -> Result<(), Error> {
    let parts = extract.parts(names())?;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Ok(Some(mut part)) = parts.claim() {
                    part.update_progress(Counts { conversations: 1, messages: 0 });
                    let name = part.name().to_owned();
                    if part.complete().is_ok() {
                        acknowledged(&name);
                    }
                }
            });
        }
    });
    parts.finish()
}

#[cfg(feature = "testing")]
mod failing_disks {
    use super::*;
    use crate::durable::fake_disk::{Done, FakeDisk, Fault};
    use crate::durable::journal_file::JournalFile;

    /// Whatever of a group the disk has kept, all that was acknowledged is there.
    #[test]
    fn whatever_operation_a_disk_fails_at_nothing_is_lost_that_was_acknowledged() {
        let place = JournalFile::new();
        for done in [Done::Nothing, Done::Part, Done::All] {
            for at in (0..60).step_by(3) {
                let disk = FakeDisk::holding(Vec::new()).failing(Fault { at, done, for_good: at % 2 == 0 });
                let acknowledged = Mutex::new(BTreeSet::new());
                let said = |part: &str| {
                    acknowledged.lock().unwrap().insert(part.to_owned());
                };
                if let Ok(context) = Run::builder("import").journal(disk.journal(&place)).begin::<Etl>() {
                    let _ = context.phase(Extract).run(|extract| end_by_hand(extract, &said));
                }
                let acknowledged = acknowledged.into_inner().unwrap();
                for disk in disk.after_a_crash() {
                    let kept = RunRecord::replay(&disk.journal(&place).load().unwrap())
                        .map_or_else(BTreeSet::new, |run| completed(&run));
                    assert!(acknowledged.is_subset(&kept), "at {at} {done:?}: {:?}", acknowledged.difference(&kept));
                }
            }
        }
    }
}

#[cfg(unix)]
mod killed {
    use std::hint::spin_loop;

    use etl_context::FileJournal;

    use super::*;
    use crate::child::{self, Child};
    use crate::durable::journal_file::JournalFile;
    use crate::seeded::Seeded;

    fn import(path: &str, acknowledged: &(impl Fn(&str) + Sync)) -> Context<etl_context::Completed<Extract>> {
        let context = Run::builder("import").journal(FileJournal::open(path).unwrap()).begin::<Etl>().unwrap();
        context.phase(Extract).run(|extract| end_by_hand(extract, acknowledged)).unwrap().0
    }

    #[test]
    #[ignore = "the part of the process that is killed"]
    fn killed_process() {
        let Some(path) = child::given() else { return };
        drop(import(&path, &|part: &str| child::say(part)));
        child::say("finished");
    }

    #[test]
    fn short_parts_that_are_killed_again_and_again_end_once_and_none_is_lost_that_was_acknowledged() {
        let mut chance = Seeded(29);
        for _ in 0..6 {
            let file = JournalFile::on_disk();
            let mut acknowledged = BTreeSet::new();
            for _ in 0..4 {
                let mut process = Child::start(module_path!(), "killed_process", file.given());
                let heard: Vec<_> = (0..chance.below(60)).map_while(|_| process.hear()).collect();
                (0..chance.below(500_000)).for_each(|_| spin_loop());
                process.kill();
                let said = heard.into_iter().chain(std::iter::from_fn(|| process.hear())).collect::<Vec<_>>();
                process.end();
                for part in said.into_iter().filter(|said| said != "finished") {
                    assert!(acknowledged.insert(part.clone()), "{part} was acknowledged twice");
                }
                let kept = RunRecord::read(file.path()).unwrap().map_or_else(BTreeSet::new, |record| completed(&record));
                assert!(acknowledged.is_subset(&kept), "{:?}", acknowledged.difference(&kept));
            }
            let extracted = import(file.given(), &|_: &str| {});
            assert_eq!(extracted.counts(), Counts { conversations: PARTS as u64, messages: 0 });
            assert_eq!(completed(extracted.record()).len(), PARTS);
        }
    }
}
