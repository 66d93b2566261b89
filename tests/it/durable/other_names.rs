//! The lock is on the file, not on its name: a second owner is refused by whatever name it comes, and whatever became of the lock file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use etl_context::{FileJournal, RunRecord};

use super::every_event;
use super::journal_file::JournalFile;

/// One owner goes on with the run while another process wants it by the other name: that one is refused, and the journal holds what
/// its owner has recorded.
fn one_is_refused(file: &JournalFile, other_name: &Path) {
    let mut owner = every_event::open(file).unwrap();
    let refused = FileJournal::open(other_name).unwrap_err();
    assert!(refused.is_owned(), "{refused}");
    assert!(refused.to_string().contains("is owned by another process"), "{refused}");
    owner.set_phase_status("load", "failed").unwrap();
    assert_eq!(RunRecord::read(other_name).unwrap().as_ref(), Some(owner.record()));
    drop(owner);

    let other = FileJournal::open(other_name).unwrap();
    let refused = file.try_open().unwrap_err();
    assert!(refused.is_owned(), "{refused}");
    drop(other);
    file.open();
}

#[test]
fn under_a_hard_link() {
    let file = every_event::journal();
    let link = file.folder().join("link.jsonl");
    fs::hard_link(file.path(), &link).unwrap();
    one_is_refused(&file, &link);
}

/// The folder under which a file is mounted, for as long as this lives.
struct Mounted(PathBuf);

impl Mounted {
    /// Mounts `file` as `there`; `None` where the system does not allow it.
    fn bind(file: &Path, there: &Path) -> Option<Self> {
        fs::write(there, "").unwrap();
        let mounted =
            Command::new("mount").arg("--bind").arg(file).arg(there).output().is_ok_and(|output| output.status.success());
        mounted.then(|| Mounted(there.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn under_a_bind_mount() {
    let (file, elsewhere) = (every_event::journal(), JournalFile::new());
    let there = elsewhere.folder().join("mounted.jsonl");
    let Some(_mounted) = Mounted::bind(file.path(), &there) else {
        println!("skipped: this user cannot mount one file as another");
        return;
    };
    one_is_refused(&file, &there);
}

#[test]
fn after_its_lock_file_was_deleted() {
    let file = every_event::journal();
    let mut owner = every_event::open(&file).unwrap();
    fs::remove_file(file.folder().join("run.jsonl.lock")).unwrap();
    let refused = file.try_open().unwrap_err();
    assert!(refused.is_owned(), "{refused}");
    owner.set_phase_status("load", "failed").unwrap();
    assert_eq!(file.record(), *owner.record());
    drop(owner);
    file.open();
}

/// The text of somebody else's file, which nobody may empty.
const PRECIOUS: &str = "precious";

#[test]
fn a_lock_file_that_is_a_link_is_refused_and_what_it_leads_to_is_left_as_it_is() {
    for exists in [true, false] {
        let file = JournalFile::new();
        let (lock, other) = (file.folder().join("run.jsonl.lock"), file.folder().join("other"));
        if exists {
            fs::write(&other, PRECIOUS).unwrap();
        }
        symlink(&other, &lock).unwrap();
        let refused = file.try_open().unwrap_err();
        assert!(!refused.is_owned());
        assert!(refused.to_string().contains("run.jsonl.lock`: it is a link"), "{refused}");
        assert_eq!(fs::read_to_string(&other).ok().as_deref(), exists.then_some(PRECIOUS));
        fs::remove_file(lock).unwrap();
        file.open();
    }
}

#[test]
fn a_lock_file_with_something_else_in_it_is_locked_and_left_as_it_is() {
    let file = JournalFile::new();
    let (lock, other) = (file.folder().join("run.jsonl.lock"), file.folder().join("other"));
    fs::write(&other, PRECIOUS).unwrap();
    fs::hard_link(&other, lock).unwrap();
    let owner = file.open();
    assert!(file.try_open().unwrap_err().is_owned());
    drop(owner);
    assert_eq!(fs::read_to_string(other).unwrap(), PRECIOUS);
}

/// What somebody does to a file.
type Touch = fn(&JournalFile);

/// What a cleaner, a log rotation or a careless hand can do to a journal that is open.
#[test]
fn a_journal_that_was_touched_under_its_owner_is_an_error_of_the_next_call() {
    let touch: [(&str, Touch); 6] = [
        ("it has 7 bytes", |file| fs::OpenOptions::new().write(true).open(file.path()).unwrap().set_len(7).unwrap()),
        ("it has 0 bytes", |file| file.write("")),
        ("bytes, where its owner has left", |file| file.write([&file.bytes(), &b"x"[..]].concat())),
        ("it was removed", |file| fs::remove_file(file.path()).unwrap()),
        ("it was removed, or has another name", |file| fs::rename(file.path(), file.folder().join("old.jsonl")).unwrap()),
        ("another file has its name", |file| {
            let copy = file.folder().join("copy.jsonl");
            fs::copy(file.path(), &copy).unwrap();
            fs::rename(copy, file.path()).unwrap();
        }),
    ];
    for (words, touch) in touch {
        let file = every_event::journal();
        let mut run = every_event::open(&file).unwrap();
        let before = run.record().clone();
        touch(&file);
        let found = fs::read(file.path()).ok();
        for _ in 0..2 {
            let refused = run.set_phase_status("load", "failed").unwrap_err().to_string();
            assert!(refused.contains("was changed by somebody else") && refused.contains(words), "{words}: {refused}");
        }
        assert_eq!(*run.record(), before, "{words}: what was refused has not happened");
        drop(run);
        assert_eq!(fs::read(file.path()).ok(), found, "{words}: nothing is written to it any more");
    }
}

#[test]
fn a_journal_that_was_put_back_is_written_to_again() {
    let file = every_event::journal();
    let mut run = every_event::open(&file).unwrap();
    let aside = file.folder().join("aside.jsonl");
    fs::rename(file.path(), &aside).unwrap();
    run.set_phase_status("load", "failed").unwrap_err();
    fs::rename(aside, file.path()).unwrap();
    run.set_phase_status("load", "failed").unwrap();
    assert_eq!(file.record(), *run.record());
}
