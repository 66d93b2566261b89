//! The runs of a job, which know each other from night to night: the same in a folder, in an SQLite file and in PostgreSQL.

mod compared;
mod folders;
mod keys;
mod listed;
mod looked;
mod owners;
mod page;
mod pruned;
mod watermark;

// What the tests above share, each named for what it is.
pub(crate) mod places;

use etl_context::{Context, Etl, Extract, Idle, Load, Runs, Transform, dict};

/// A run of the job, as it begins.
fn begun(runs: &Runs, key: &str) -> Context<Idle, Etl> {
    runs.run("taxi", key).unwrap().begin().unwrap()
}

/// Goes through all phases of which one is not done.
fn complete(context: Context<Idle, Etl>) {
    let (extracted, _) = context.phase(Extract).run(|_| Ok::<_, String>(dict! { "page": 512 })).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, String>(())).unwrap();
    drop(transformed.phase(Load).run(|_| Ok::<_, String>(())).unwrap());
}
