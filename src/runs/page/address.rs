//! Where is the page of a run? Beside that of its job.

use crate::runs::job_run::JobRun;

/// The page of a run, beside that of its job. No other run has one of this name, for an `index.html` is no run's.
pub(super) fn page_of(run: &JobRun) -> String {
    match run.place().stem().as_str() {
        "index" => "%69ndex.html".to_owned(),
        stem => format!("{stem}.html"),
    }
}

/// The same as an address: what a name escapes, an address escapes once more.
pub(super) fn address_of(run: &JobRun) -> String {
    page_of(run).replace('%', "%25")
}
