//! How long does a phase take to record the parts that ended elsewhere?

use std::time::Instant;

use etl_context::{Error, Etl, Extract, PostgresJournal, Run, RunningPhase};
use etl_context_benches::server::Server;
use etl_context_benches::table::{Table, Target};

const PARTS: usize = 20_000;
const ROUNDS: usize = 3;

/// As workers leave them.
const ENDED: &str = r#"
    update etl_context.parts
    set state = 'completed', claim = nextval('etl_context.claims'), claims = 1, worker = 'process 1 on host a',
        counts = '{"conversations":1,"messages":1}', microseconds = 100"#;

pub fn measure(table: &mut Table, server: &mut Server) {
    for is_synced in [true, false] {
        server.sync(is_synced);
        let fastest = (0..ROUNDS).map(|_| seconds(server)).fold(f64::INFINITY, f64::min);
        let what = format!("`finish` of {PARTS} parts that ended elsewhere, {}", if is_synced { "synced" } else { "not synced" });
        table.row(&what, fastest * 1_000.0, "what it may take", 300.0, "ms", Target::AtMost(1.0));
    }
}

fn seconds(server: &mut Server) -> f64 {
    let database = server.database();
    let journal = PostgresJournal::connect(server.url(&database).as_str()).unwrap();
    let context = Run::builder("bench").journal(journal).begin::<Etl>().unwrap();
    let mut taken = f64::INFINITY;
    let extracting = context.phase(Extract).run(|extract: &mut RunningPhase<'_, Extract>| -> Result<(), Error> {
        let parts = extract.parts((0..PARTS).map(|number| format!("part {number}")))?;
        server.client(&database).batch_execute(ENDED).unwrap();
        let begun = Instant::now();
        parts.finish()?;
        taken = begun.elapsed().as_secs_f64();
        Ok(())
    });
    drop(extracting.unwrap());
    taken
}
