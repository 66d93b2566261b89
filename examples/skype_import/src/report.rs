//! The page that tells of an import.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use etl_context::{Event, Observation, Observer, RunSummary};

pub(crate) struct Report {
    pub(crate) file: PathBuf,
    /// One that nobody asked for is written at the end of a complete import: a failed one leaves nothing behind.
    is_asked_for: bool,
}

impl Report {
    pub(crate) fn asked_for(file: PathBuf) -> Self {
        Report { file, is_asked_for: true }
    }

    /// As `skype.db.html` beside `skype.db`, which is no file that anybody else uses.
    pub(crate) fn beside(database: &Path) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push(".html");
        Report { file: file.into(), is_asked_for: false }
    }

    /// Writes the page at the end of each phase, so that it is there whatever becomes of the next one.
    pub(crate) fn kept_up_to_date(&self) -> Option<impl Observer + use<>> {
        self.is_asked_for.then(|| WrittenAfterEachPhase(self.file.clone()))
    }

    /// Writes the page of a complete import.
    pub(crate) fn write(&self, summary: &RunSummary) -> anyhow::Result<()> {
        fs::write(&self.file, summary.to_html()).with_context(|| format!("cannot write the report {}", self.file.display()))
    }
}

struct WrittenAfterEachPhase(PathBuf);

impl Observer for WrittenAfterEachPhase {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Event::PhaseEnded { .. } = event {
            fs::write(&self.0, run.record().summary().to_html())?;
        }
        Ok(())
    }
}
