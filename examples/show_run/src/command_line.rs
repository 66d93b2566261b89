//! What the user asked for on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(feature = "postgres")]
use etl_context::RunId;

pub(crate) const USAGE: &str = "\
usage: show_run [--html <page>] [--markdown <file>] [--trace <file>] <journal>
       show_run [--html <page>] [--markdown <file>] [--trace <file>] --postgres <connection string> <run id>
       show_run --postgres <connection string>";

pub(crate) struct Asked {
    pub(crate) html: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) trace: Option<PathBuf>,
    pub(crate) source: Source,
}

/// Where the run is.
pub(crate) enum Source {
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Database {
        url: String,
        /// Without one, the latest runs are listed.
        run: Option<RunId>,
    },
}

/// The arguments after the program's name, or what is wrong with them.
pub(crate) fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let (mut html, mut markdown, mut trace, mut url, mut named) = (None, None, None, None, None);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--html") => html = Some(arguments.next().ok_or("--html needs a file after it")?.into()),
            Some("--markdown") => markdown = Some(arguments.next().ok_or("--markdown needs a file after it")?.into()),
            Some("--trace") => trace = Some(arguments.next().ok_or("--trace needs a file after it")?.into()),
            Some("--postgres") => url = Some(arguments.next().ok_or("--postgres needs a connection string after it")?),
            Some(option) if option.starts_with('-') => return Err(format!("there is no option {option}")),
            _ if named.is_none() => named = Some(argument),
            _ => return Err(format!("one run can be shown at a time, but {} is a second one", argument.display())),
        }
    }
    let source = match url {
        Some(url) => in_database(url, named)?,
        None => Source::File(named.ok_or("there is no journal to show")?.into()),
    };
    if lists(&source) && (html.is_some() || markdown.is_some() || trace.is_some()) {
        return Err("--html, --markdown and --trace need the id of a run".to_owned());
    }
    Ok(Asked { html, markdown, trace, source })
}

#[cfg(feature = "postgres")]
fn in_database(url: OsString, run: Option<OsString>) -> Result<Source, String> {
    let url = url.into_string().map_err(|_| "the connection string is no readable text")?;
    let id = |run: OsString| {
        let id = run.to_str().and_then(|run| run.parse().ok());
        id.ok_or_else(|| format!("{} is not the id of a run; without one, the latest runs are listed", run.display()))
    };
    Ok(Source::Database { url, run: run.map(id).transpose()? })
}

#[cfg(not(feature = "postgres"))]
fn in_database(_url: OsString, _run: Option<OsString>) -> Result<Source, String> {
    Err("--postgres needs a build with --features postgres".to_owned())
}

/// Whether it is a list that is asked for.
fn lists(source: &Source) -> bool {
    match source {
        Source::File(_) => false,
        #[cfg(feature = "postgres")]
        Source::Database { run, .. } => run.is_none(),
    }
}
