//! Who remembers the rows that were rejected? A file beside the journal, one row a line, which has of each attempt the rows that the
//! record tells of.
//!
//! Rows are written as they come and synced before the event that tells of them. Those of which no event tells, and those that a later
//! attempt does again, are taken out: when the run is opened again, and when that attempt starts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::journal::JournalError;
use crate::journal::owner::{OwnProcess, OwnerLock, resolved};
use crate::journal::rejected_line::{RowsFrom, RowsOf, is_torn};
use crate::journal::standing_rows::StandingRows;
use crate::journal::storage::{DiskFile, Storage, sync_folder};
use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::rejected::Rejected;
use crate::record::run_id::RunId;
use crate::text::line::shown_path;

/// The file of a run, and of all its branches.
#[derive(Debug)]
pub(crate) struct RejectsFile {
    path: PathBuf,
    run: RowsOf,
    process: OwnProcess,
    contents: Mutex<Contents>,
    /// Held for as long as this lives.
    _owner: OwnerLock,
}

#[derive(Debug)]
struct Contents {
    disk: DiskFile,
    length: u64,
    /// Whether everything is on the medium.
    synced: bool,
    /// How many rows of the run it has, and how many it should have.
    rows: BTreeMap<RowsFrom, u64>,
    standing: StandingRows,
    /// What is still to be taken out.
    to_cut: ToCut,
    /// Whether the last line is somebody else's and has no end.
    is_torn: bool,
    /// Whether it is no more certain what is on the medium.
    poisoned: bool,
}

#[derive(Debug, Default)]
struct ToCut {
    /// How many of these rows may stay.
    most: BTreeMap<RowsFrom, u64>,
    /// Whether there is a row that is not whole.
    torn: bool,
}

impl ToCut {
    fn is_empty(&self) -> bool {
        self.most.is_empty() && !self.torn
    }
}

impl RejectsFile {
    /// Opens the file or creates it, and takes ownership of it. What other runs have left there stays.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if another run has it open, or if the system refuses access.
    pub(crate) fn open(path: &Path, run: RunId) -> Result<Self, JournalError> {
        let path = resolved(path);
        let failed = |error| JournalError::io("open", &path, error);
        if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(failed(io::Error::other("it is no file")));
        }
        let owner = OwnerLock::take_beside(&path, &format!("the file of rejected rows `{}`", shown_path(&path)))?;
        let disk = DiskFile::open(&path).map_err(failed)?;
        let length = disk.file().metadata().map_err(failed)?.len();
        let contents = Contents {
            disk,
            length,
            synced: true,
            rows: BTreeMap::new(),
            standing: StandingRows::default(),
            to_cut: ToCut::default(),
            is_torn: is_torn(&path, length).map_err(failed)?,
            poisoned: false,
        };
        Ok(RejectsFile { path, run: RowsOf::new(run), process: OwnProcess::new(), contents: Mutex::new(contents), _owner: owner })
    }

    /// What the lines of the run begin with.
    pub(crate) fn run(&self) -> &RowsOf {
        &self.run
    }

    /// Takes out the rows of which these events do not tell, and puts those back that are missing and stand in one. Returns how many
    /// are found nowhere.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the file cannot be read or written.
    pub(crate) fn restore(&self, events: &[Event]) -> Result<u64, JournalError> {
        let mut contents = self.contents();
        let found = self.run.found(&self.path).map_err(|error| JournalError::io("read", &self.path, error))?;
        contents.rows = found.rows;
        contents.standing = StandingRows::of(events);
        let most = contents.rows.keys().map(|from| (from.clone(), contents.standing.rows(from))).collect();
        contents.to_cut = ToCut { most, torn: found.is_torn };
        contents.drop_what_need_not_be_cut();
        self.cut(&mut contents)?;
        let standing = contents.standing.attempts().collect::<BTreeMap<_, _>>();
        if standing.iter().any(|(from, rows)| contents.rows(from) < *rows) {
            self.mend(&mut contents, &standing, &told(events))?;
        }
        self.sync(&mut contents)?;
        Ok(standing.iter().map(|(from, rows)| rows.saturating_sub(contents.rows(from))).sum())
    }

    /// Adds the rows that are missing, as far as they are told.
    fn mend(
        &self,
        contents: &mut Contents,
        standing: &BTreeMap<RowsFrom, u64>,
        told: &BTreeMap<RowsFrom, Vec<(u64, &str)>>,
    ) -> Result<(), JournalError> {
        for (from, rows) in standing {
            let missing = contents.rows(from)..*rows;
            let told = told.get(from).into_iter().flatten().filter(|(place, _)| missing.contains(place));
            let lines = told.map(|(_, row)| self.run.line(from, row)).collect::<Vec<_>>();
            let written = contents.append(lines.concat().as_bytes());
            written.map_err(|error| self.take_back(contents, error))?;
            *contents.rows.entry(from.clone()).or_default() += lines.len() as u64;
        }
        Ok(())
    }

    /// Writes so many lines from there.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if they were not written; then none of them was.
    pub(crate) fn append(&self, from: &RowsFrom, rows: u64, lines: &[u8]) -> Result<(), JournalError> {
        let mut contents = self.contents();
        self.check(&mut contents)?;
        let written = contents.append(lines);
        written.map_err(|error| self.take_back(&mut contents, error))?;
        *contents.rows.entry(from.clone()).or_default() += rows;
        Ok(())
    }

    /// Once this returns, every row is on the medium that was written, and none that had to be taken out.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if that is not certain.
    pub(crate) fn make_certain(&self) -> Result<(), JournalError> {
        let mut contents = self.contents();
        if contents.synced && contents.to_cut.is_empty() {
            return Ok(());
        }
        self.check(&mut contents)?;
        self.cut(&mut contents)?;
        self.sync(&mut contents)
    }

    /// Another attempt is running. What earlier ones have rejected and it does again is taken out.
    pub(crate) fn start(&self, phase: &str, attempt: u32, visit: u32, has_checkpoint: bool) {
        let mut contents = self.contents();
        contents.standing.start(phase, attempt, visit, has_checkpoint);
        self.take_out_of_others(&mut contents, phase, attempt);
    }

    /// That attempt was divided into the parts that are in the record.
    pub(crate) fn divide(&self, phase: &PhaseName, attempt: u32, record: &RunRecord) {
        let mut contents = self.contents();
        contents.standing.divide(phase, attempt, record);
        self.take_out_of_others(&mut contents, phase.as_str(), attempt);
    }

    /// A checkpoint or an end of such an attempt is on record, or of one of its parts.
    pub(crate) fn happened(&self, event: &Event) {
        let (phase, attempt) = match event {
            Event::Checkpointed { phase, attempt, .. }
            | Event::PartCheckpointed { phase, attempt, .. }
            | Event::PartEnded { phase, attempt, .. } => (phase, *attempt),
            Event::PhaseEnded { report, .. } => (report.phase(), report.attempt()),
            _ => return,
        };
        let mut contents = self.contents();
        contents.standing.happened(event);
        self.take_out_of_others(&mut contents, phase.as_str(), attempt);
    }

    /// Keeps no more than so many rows from there.
    pub(crate) fn keep_no_more(&self, from: &RowsFrom, rows: u64) {
        let mut contents = self.contents();
        self.take_out(&mut contents, [(from.clone(), rows)]);
    }

    /// Keeps of a part no more than what is on record.
    pub(crate) fn keep_what_stands(&self, from: &RowsFrom) {
        let mut contents = self.contents();
        let rows = contents.standing.rows(from);
        self.take_out(&mut contents, [(from.clone(), rows)]);
    }

    /// Takes out what does not stand, of all but the attempt itself: that writes its rows before they are on record.
    fn take_out_of_others(&self, contents: &mut Contents, phase: &str, attempt: u32) {
        let others = contents.rows.keys().filter(|from| from.phase == phase && (from.part.is_some() || from.attempt < attempt));
        let most = others.map(|from| (from.clone(), contents.standing.rows(from))).collect::<Vec<_>>();
        self.take_out(contents, most);
    }

    /// What cannot be taken out at once is before the file is synced next.
    fn take_out(&self, contents: &mut Contents, most: impl IntoIterator<Item = (RowsFrom, u64)>) {
        contents.to_cut.most.extend(most);
        contents.drop_what_need_not_be_cut();
        if !contents.to_cut.is_empty() && self.check(contents).is_ok() {
            let _ = self.cut(contents);
        }
    }

    /// How the missing of some rows is told.
    pub(crate) fn lacks(&self, rows: u64) -> String {
        let path = shown_path(&self.path);
        format!(
            "the file of rejected rows `{path}` lacks {rows} rows that were rejected earlier; somebody else has taken them out"
        )
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is this process's, as this process left it, and no write or sync has failed for good.
    fn check(&self, contents: &mut Contents) -> Result<(), JournalError> {
        let path = || shown_path(&self.path);
        if !self.process.is_this() {
            let (path, owner) = (path(), self.process.id());
            let forked =
                format!("the file of rejected rows `{path}` belongs to process {owner}, by which this one was forked off");
            return Err(JournalError::new(forked));
        }
        if contents.poisoned {
            let poisoned =
                format!("the file of rejected rows `{}` takes no more rows after a failed write; open the run again", path());
            return Err(JournalError::new(poisoned));
        }
        let length = contents.length;
        contents.disk.check_untouched(length).map_err(|error| {
            let message = format!("the file of rejected rows `{}` was changed by somebody else: {error}; put it back", path());
            JournalError::new(message).with_source(error)
        })
    }

    fn sync(&self, contents: &mut Contents) -> Result<(), JournalError> {
        contents.disk.sync().map_err(|error| self.poison(contents, "sync", error))?;
        contents.synced = true;
        Ok(())
    }

    /// What was written of some lines is taken back; if that fails too, nothing is certain any more.
    fn take_back(&self, contents: &mut Contents, error: io::Error) -> JournalError {
        match contents.disk.cut(contents.length) {
            Ok(()) => JournalError::io("write to", &self.path, error),
            Err(_) => self.poison(contents, "write to", error),
        }
    }

    fn poison(&self, contents: &mut Contents, what: &str, error: io::Error) -> JournalError {
        contents.poisoned = true;
        JournalError::io(what, &self.path, error)
    }

    /// Takes out what is to be taken out. At the end that is a cut, and else another file takes the place of this one.
    fn cut(&self, contents: &mut Contents) -> Result<(), JournalError> {
        if contents.to_cut.is_empty() {
            return Ok(());
        }
        contents.synced = false;
        let end = self.run.end_of_what_stays(&self.path, &contents.to_cut.most);
        let end = end.map_err(|error| JournalError::io("read", &self.path, error))?;
        match end {
            Some(end) => contents.disk.cut(end).map_err(|error| self.poison(contents, "cut", error))?,
            None => contents.disk = self.rewritten(contents).map_err(|error| JournalError::io("rewrite", &self.path, error))?,
        }
        let length = contents.disk.file().metadata().map_err(|error| self.poison(contents, "look at", error))?.len();
        contents.length = length;
        contents.is_torn = is_torn(&self.path, length).map_err(|error| JournalError::io("read", &self.path, error))?;
        for (from, most) in std::mem::take(&mut contents.to_cut).most {
            contents.rows.entry(from).and_modify(|rows| *rows = most.min(*rows));
        }
        contents.rows.retain(|_, rows| *rows > 0);
        Ok(())
    }

    /// The file without what is to be taken out, in place of this one.
    fn rewritten(&self, contents: &Contents) -> io::Result<DiskFile> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".new");
        let name = PathBuf::from(name);
        let written = File::create(&name).and_then(|file| {
            let mut file = BufWriter::new(file);
            self.run.each(&self.path, &contents.to_cut.most, |line, stays| if stays { file.write_all(line) } else { Ok(()) })?;
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
        });
        if let Err(error) = written.and_then(|()| fs::rename(&name, &self.path)) {
            // It is of no use, and takes room.
            let _ = fs::remove_file(&name);
            return Err(error);
        }
        sync_folder(&self.path)?;
        DiskFile::open(&self.path)
    }
}

impl Contents {
    fn rows(&self, from: &RowsFrom) -> u64 {
        self.rows.get(from).copied().unwrap_or_default()
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.synced = false;
        let mut length = lines.len() as u64;
        if self.is_torn {
            self.disk.append(b"\n")?;
            length += 1;
        }
        self.disk.append(lines)?;
        self.is_torn = false;
        self.length += length;
        Ok(())
    }

    fn drop_what_need_not_be_cut(&mut self) {
        let Contents { rows, to_cut, .. } = self;
        to_cut.most.retain(|from, most| rows.get(from).is_some_and(|rows| *rows > *most));
    }
}

/// The rows that the events have, with their places among those from the same place.
fn told(events: &[Event]) -> BTreeMap<RowsFrom, Vec<(u64, &str)>> {
    let (mut told, mut own) = (BTreeMap::<RowsFrom, Vec<_>>::new(), BTreeMap::<RowsFrom, u64>::new());
    for event in events {
        let Some((from, rejected, is_all)) = rejected_by(event) else { continue };
        let place = own.entry(from.clone()).or_default();
        *place = if is_all { rejected.own() } else { place.saturating_add(rejected.own()) };
        // They are the last ones of these.
        let first = place.saturating_sub(rejected.lines().len() as u64);
        told.entry(from).or_default().extend((first..).zip(rejected.lines().iter().map(String::as_str)));
    }
    told
}

/// Rows that an event may have one by one, where they come from, and whether the event tells of all from there.
fn rejected_by(event: &Event) -> Option<(RowsFrom, &Rejected, bool)> {
    match event {
        Event::Checkpointed { phase, attempt, rejected, .. } => {
            let from = RowsFrom { phase: phase.to_string(), attempt: *attempt, part: None, claim: 0 };
            Some((from, rejected.as_deref()?, false))
        }
        Event::PartCheckpointed { phase, attempt, part, claim, rejected, .. } => {
            Some((RowsFrom::part(phase, *attempt, part, *claim), rejected.as_deref()?, false))
        }
        Event::PartEnded { phase, attempt, part, claim, .. } => {
            Some((RowsFrom::part(phase, *attempt, part.name(), *claim), part.rejected.as_deref()?, true))
        }
        _ => None,
    }
}
