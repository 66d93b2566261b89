//! The places on which a command has to say the same.

#[cfg(unix)]
#[path = "../../../tests/it/postgres/patience.rs"]
#[allow(dead_code, reason = "the tests of the crate use more of it")]
mod patience;
#[cfg(unix)]
#[path = "../../../tests/it/postgres/server.rs"]
#[allow(dead_code, reason = "the tests of the crate use more of it")]
mod server;

use etl_context::{Context, Etl, Extract, Idle, Load, Runs, Transform};
use tempfile::TempDir;

#[cfg(unix)]
use self::server::TestDatabase;

/// Where the runs of a test are kept, and the folder in which the program runs.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) runs: Runs,
    /// As the command line names it.
    pub(crate) argument: String,
    /// Is there as long as the place.
    #[cfg(unix)]
    _database: Option<TestDatabase>,
}

impl Place {
    pub(crate) fn folder() -> Self {
        let folder = TempDir::new().unwrap();
        Place {
            runs: Runs::in_folder(folder.path().join("runs")),
            argument: "runs".to_owned(),
            #[cfg(unix)]
            _database: None,
            folder,
        }
    }

    pub(crate) fn sqlite() -> Self {
        let place = Place::folder();
        Place { runs: Runs::in_sqlite(place.folder.path().join("runs.db")), argument: "runs.db".to_owned(), ..place }
    }

    /// `None` without a server.
    #[cfg(unix)]
    pub(crate) fn postgres() -> Option<Self> {
        let database = server::database()?;
        let config = database.config();
        let argument = format!("postgres://{}@{}/{}", config.user, config.host.replace('/', "%2F"), config.dbname);
        let runs = Runs::in_postgres(&*argument).unwrap();
        Some(Place { runs, argument, _database: Some(database), ..Place::folder() })
    }
}

/// Tries the rule on a place of each kind.
pub(crate) fn in_every_place(rule: impl Fn(&Place)) {
    rule(&Place::folder());
    rule(&Place::sqlite());
    #[cfg(unix)]
    if let Some(place) = Place::postgres() {
        rule(&place);
    }
}

/// A run of the job `taxi`, as it begins.
pub(crate) fn begun(runs: &Runs, key: &str) -> Context<Idle, Etl> {
    runs.run("taxi", key).unwrap().begin().unwrap()
}

/// A run that completes.
pub(crate) fn complete(runs: &Runs, key: &str) {
    let (extracted, ()) = begun(runs, key).phase(Extract).run(|_| Ok::<_, String>(())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, String>(())).unwrap();
    drop(transformed.phase(Load).run(|_| Ok::<_, String>(())).unwrap());
}

/// A run that fails.
pub(crate) fn fail(runs: &Runs, key: &str) {
    drop(begun(runs, key).start(Extract).unwrap().fail("the source was not there").unwrap());
}
