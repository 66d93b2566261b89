//! What the user asked for on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use thiserror::Error;

pub(crate) const HELP: &str = "\
Imports a Skype export into a SQLite database, or into PostgreSQL.

Usage: skype_import [EXPORT] [--db FILE] [--journal FILE] [--again] [--report FILE] [--lineage FILE]
       skype_import [EXPORT] --postgres URL [--report FILE] [--lineage FILE]

First example, which goes on where it was if it is killed and run again:

  skype_import 8_live_me_export.tar --db skype.db

  EXPORT          the messages.json of a Skype export, or the archive around it (.tar, .tar.gz, .zip); - reads the
                  standard input [default: the bundled sample]
  --db FILE       the database, which is created or added to, and in which the import is recorded: the same command goes on where
                  it was killed or stopped [default: a new one in the directory for temporary files]
  --journal FILE  records the import in a file of its own instead; needs --db
  --again         begins anew, whatever was imported before; the earlier record is kept; needs --db
  --postgres URL  loads into the schema `skype` of this database, exactly once, with the journal in its schema
                  `etl_context`, as in postgres://user:password@host:5432/dbname; needs a build with --features postgres
  --report FILE   writes the run as an HTML page, whatever became of it
                  [default: beside the database, once the import is complete]
  --lineage FILE  appends OpenLineage events
  --help          show this text

What is imported makes the run, not where it lies: the same export again has nothing to do, and another one under the same
name is another run. In PostgreSQL the key of the run is made of the name and the content of the export, as in
`skype-import/messages.json/9f86d081884c7d65`, and it goes on where it was killed or stopped on any machine. Until it is
complete, what is staged is kept beside the database, as in `skype.db.staging`, or beside the journal; with --postgres, in the
directory for temporary files.

The exit status is 1 if the import failed, 2 for a wrong command line, 75 if the run belongs to another process, and 130 after
Ctrl-C. On a terminal it shows bars, or logs what RUST_LOG asks for.
";

#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Help,
    Import(Import),
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Import {
    /// The bundled sample, if there is none.
    pub(crate) export: Option<PathBuf>,
    /// A temporary one, if there is none.
    pub(crate) database: Option<PathBuf>,
    /// The page that tells of the run.
    pub(crate) report: Option<PathBuf>,
    pub(crate) lineage: Option<PathBuf>,
    /// Without one, the import is recorded in the database.
    pub(crate) journal: Option<PathBuf>,
    /// Begins anew, whatever the record of an earlier import says.
    pub(crate) again: bool,
    /// A connection string. It may hold a password, so it is not shown.
    pub(crate) postgres: Option<String>,
}

#[derive(Debug, PartialEq, Error)]
pub(crate) enum CommandLineError {
    #[error("there is no option {0}")]
    UnknownOption(String),
    #[error("{0} needs a file after it")]
    NoFile(&'static str),
    #[error("--journal needs --db: an import into a temporary database cannot go on later")]
    JournalWithoutDatabase,
    #[error("--again needs --db: an import into a temporary database begins anew in any case")]
    AgainWithoutDatabase,
    #[error("--postgres needs a connection string after it, such as postgres://user:password@host:5432/dbname")]
    NoConnectionString,
    #[error("--postgres needs a build with --features postgres")]
    BuiltWithoutPostgres,
    #[error("--postgres takes the rows and the journal, so neither --db nor --journal goes with it")]
    TwoDatabases,
    #[error("one export can be imported at a time, but {} is a second one", .0.display())]
    SecondExport(PathBuf),
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, CommandLineError> {
    let mut arguments = arguments.into_iter();
    let mut import = Import::default();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(Request::Help),
            Some("--db") => import.database = Some(file_of("--db", arguments.next())?),
            Some("--report") => import.report = Some(file_of("--report", arguments.next())?),
            Some("--lineage") => import.lineage = Some(file_of("--lineage", arguments.next())?),
            Some("--journal") => import.journal = Some(file_of("--journal", arguments.next())?),
            Some("--again") => import.again = true,
            Some("--postgres") if !cfg!(feature = "postgres") => return Err(CommandLineError::BuiltWithoutPostgres),
            Some("--postgres") => import.postgres = Some(connection_string(arguments.next())?),
            _ if is_option(&argument) => {
                return Err(CommandLineError::UnknownOption(argument.to_string_lossy().into_owned()));
            }
            _ if import.export.is_some() => return Err(CommandLineError::SecondExport(argument.into())),
            _ => import.export = Some(argument.into()),
        }
    }
    if import.postgres.is_some() && (import.database.is_some() || import.journal.is_some()) {
        return Err(CommandLineError::TwoDatabases);
    }
    if import.journal.is_some() && import.database.is_none() {
        return Err(CommandLineError::JournalWithoutDatabase);
    }
    if import.again && import.database.is_none() {
        return Err(CommandLineError::AgainWithoutDatabase);
    }
    Ok(Request::Import(import))
}

fn file_of(option: &'static str, argument: Option<OsString>) -> Result<PathBuf, CommandLineError> {
    argument.filter(|file| !is_option(file)).map(PathBuf::from).ok_or(CommandLineError::NoFile(option))
}

fn connection_string(argument: Option<OsString>) -> Result<String, CommandLineError> {
    let given = argument.filter(|argument| !is_option(argument)).and_then(|argument| argument.into_string().ok());
    given.ok_or(CommandLineError::NoConnectionString)
}

/// A dash alone is the standard input.
fn is_option(argument: &OsString) -> bool {
    argument.as_encoded_bytes().starts_with(b"-") && argument != "-"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(arguments: &str) -> Result<Request, CommandLineError> {
        parse(arguments.split_whitespace().map(OsString::from))
    }

    #[test]
    fn an_import_names_its_export_and_its_database() {
        for arguments in [
            "messages.json --db skype.db --journal run.jsonl --report run.html --again",
            "--again --report run.html --journal run.jsonl --db skype.db messages.json",
        ] {
            let expected = Import {
                export: Some("messages.json".into()),
                database: Some("skype.db".into()),
                report: Some("run.html".into()),
                lineage: None,
                journal: Some("run.jsonl".into()),
                again: true,
                postgres: None,
            };
            assert_eq!(parse_text(arguments), Ok(Request::Import(expected)));
        }
    }

    #[test]
    fn a_dash_is_the_standard_input() {
        let expected = Import { export: Some("-".into()), ..Import::default() };
        assert_eq!(parse_text("-"), Ok(Request::Import(expected)));
    }

    #[test]
    fn nothing_asked_for_is_the_default_import() {
        assert_eq!(parse_text(""), Ok(Request::Import(Import::default())));
    }

    #[test]
    fn help_is_given_whatever_else_is_asked() {
        assert_eq!(parse_text("messages.json --help"), Ok(Request::Help));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (arguments, message) in [
            ("--fast a", "there is no option --fast"),
            ("a --db", "--db needs a file after it"),
            ("--db --fast", "--db needs a file after it"),
            ("--db a --journal", "--journal needs a file after it"),
            ("--journal a", "--journal needs --db: an import into a temporary database cannot go on later"),
            ("a --again", "--again needs --db: an import into a temporary database begins anew in any case"),
            #[cfg(not(feature = "postgres"))]
            ("--postgres postgres://db", "--postgres needs a build with --features postgres"),
            ("a b", "one export can be imported at a time, but b is a second one"),
        ] {
            assert_eq!(parse_text(arguments).unwrap_err().to_string(), message);
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn postgres_is_the_only_database() {
        let expected = Import { export: Some("a".into()), postgres: Some("postgres://db".to_owned()), ..Import::default() };
        assert_eq!(parse_text("a --postgres postgres://db"), Ok(Request::Import(expected)));
        for (arguments, mistake) in [
            ("--postgres", CommandLineError::NoConnectionString),
            ("--postgres --db a", CommandLineError::NoConnectionString),
            ("--postgres postgres://db --db a", CommandLineError::TwoDatabases),
            ("--journal a --postgres postgres://db", CommandLineError::TwoDatabases),
        ] {
            assert_eq!(parse_text(arguments), Err(mistake), "{arguments}");
        }
    }
}
