//! Who watches where there is no terminal? A line at each transition, and now and then one for each running phase.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::counting::reader::ProgressReader;
use crate::observe::failure::ObserverFailure;
use crate::observe::progress_bars::line::{Marks, finished, heading, pausing, running, title};
use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::recovery::RecoveryReport;
use crate::text::table::WIDTH;

/// How often a line is written of a running phase.
const LOGGED_EVERY: Duration = Duration::from_secs(10);

/// How many runs of this process were logged: from the second on each line names its run.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// One run, on standard error.
#[derive(Debug, Default)]
pub(super) struct Log {
    is_counted: bool,
    /// Of each running phase: dropping the sender ends the thread that logs the attempt.
    running: Vec<(PhaseName, Sender<()>)>,
}

impl Log {
    pub(super) fn start(
        &mut self,
        run: &RunRecord,
        phase: &PhaseName,
        attempt: u32,
        progress: &ProgressReader,
    ) -> io::Result<()> {
        self.count();
        let title = title(phase, attempt);
        let logged = log_from_time_to_time(run.name().to_owned(), title.clone(), progress.clone())?;
        self.running.push((phase.clone(), logged));
        write_line(&format!("▸ {:<16} started", named(run.name(), &title)))
    }

    pub(super) fn finish(&mut self, run: &RunRecord, report: &PhaseReport) -> io::Result<()> {
        self.count();
        self.running.retain(|(phase, _)| phase != report.phase());
        let title = named(run.name(), &title(report.phase(), report.attempt()));
        write_line(&finished(&title, report, run, Marks::Plain, WIDTH))
    }

    pub(super) fn pause(phase: &PhaseName, pause: Duration) -> io::Result<()> {
        write_line(&format!("… {}", pausing(phase, pause, WIDTH)))
    }

    /// That the run was opened again, with what was found.
    pub(super) fn resumed(&mut self, run: &RunRecord, recovery: &RecoveryReport) -> io::Result<()> {
        self.count();
        write_line(&format!("▸ {}: {}, {recovery}", heading(run.name()), run.run_status()))
    }

    /// When the run is over: which observers failed, and why.
    pub(super) fn closed(run: &RunRecord, failures: &[ObserverFailure]) -> io::Result<()> {
        let name = heading(run.name());
        failures.iter().try_for_each(|failure| write_line(&format!("! {name}: {failure}")))
    }

    fn count(&mut self) {
        if !self.is_counted {
            RUNS.fetch_add(1, Ordering::Relaxed);
            self.is_counted = true;
        }
    }
}

/// As in `extract`, or `monday: extract` where there were several runs.
fn named(run: &str, title: &str) -> String {
    if RUNS.load(Ordering::Relaxed) > 1 { format!("{}: {title}", heading(run)) } else { title.to_owned() }
}

/// In one piece, so that it stays a line whoever else writes. Standard error may be closed, which is an error here and no panic.
fn write_line(line: &str) -> io::Result<()> {
    io::stderr().write_all(format!("{line}\n").as_bytes())
}

/// Logs a running attempt until the sender that this returns is dropped, or nobody can read it any more.
fn log_from_time_to_time(run: String, title: String, progress: ProgressReader) -> io::Result<Sender<()>> {
    let (sender, ended) = channel::<()>();
    thread::Builder::new().name("etl-progress".to_owned()).spawn(move || {
        while ended.recv_timeout(LOGGED_EVERY) == Err(RecvTimeoutError::Timeout) {
            let line = running(&named(&run, &title), &progress.snapshot(), WIDTH);
            if write_line(&format!("… {line}")).is_err() {
                break;
            }
        }
    })?;
    Ok(sender)
}
