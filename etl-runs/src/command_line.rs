//! What can be asked for on the command line.

use std::path::PathBuf;

use anstream::ColorChoice;
use clap::{Parser, Subcommand, ValueEnum};

use crate::commands::{compare, completions, html, list, missing, prune, rejects, show};

const AFTER: &str = "\
Places:
  runs                      a folder, as of Runs::in_folder(\"runs\"): runs/<job>/<key>.jsonl
  imports.db                an SQLite file, as of Runs::in_sqlite(\"imports.db\")
  postgres://user@host/db   a PostgreSQL database, as of Runs::in_postgres(…)
  import.jsonl              a single journal, for `show`, `rejects` and `html`

Exit codes:
  0  it was answered, and all is well
  1  the answer is no: the run did not complete and nobody has it open,
     runs are missing, or two runs are different
  2  the command line is wrong
  3  something is not there, or cannot be read, written or removed

Colours are for terminals; NO_COLOR and --color turn them off.
Tables are as wide as the terminal, or as COLUMNS says.";

/// Lists, shows, compares and prunes the runs that etl-context has recorded.
///
/// It takes no run from its owner. Only `prune` changes anything, and never a run that somebody has open.
#[derive(Debug, Parser)]
#[command(name = "etl-runs", version, after_long_help = AFTER, max_term_width = 120)]
pub(crate) struct CommandLine {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colours,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::Asked),
    Show(show::Asked),
    Compare(compare::Asked),
    Missing(missing::Asked),
    Prune(prune::Asked),
    Rejects(rejects::Asked),
    Html(html::Asked),
    Completions(completions::Asked),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Colours {
    Auto,
    Always,
    Never,
}

impl Colours {
    pub(crate) fn write_global(self) {
        let choice = match self {
            Colours::Auto => ColorChoice::Auto,
            Colours::Always => ColorChoice::Always,
            Colours::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// A job of a place.
#[derive(Debug, clap::Args)]
pub(crate) struct OfJob {
    /// A folder, an SQLite file or a PostgreSQL address
    pub(crate) place: PathBuf,
    /// The name of the job
    pub(crate) job: String,
}
