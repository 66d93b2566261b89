//! What a transaction would commit with the end of a phase is not committed if the phase is not as expected.

#[cfg(feature = "postgres")]
mod in_postgres;
#[cfg(feature = "sqlite")]
mod in_sqlite;

use etl_context::{Completed, Context, Etl, Expect, Extract, Load, RunBuilder, Transform};

fn expecting(run: RunBuilder) -> Context<Completed<Transform>> {
    let context = run.expect::<Load>(Expect::counter("messages").at_least(1).or_fail()).begin::<Etl>().unwrap();
    let (extracted, ()) = context.phase(Extract).run(|_| Ok::<_, String>(())).unwrap();
    extracted.phase(Transform).run(|_| Ok::<_, String>(())).unwrap().0
}
