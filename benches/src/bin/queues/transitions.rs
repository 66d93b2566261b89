//! What does an event in PostgreSQL cost, beside an insert of the same row and its commit, and does it cost more in a long run?

use etl_context::{Completed, Context, PostgresJournal, Run};
use etl_context_benches::cycle::{Again, Work};
use etl_context_benches::measure::{Case, fastest, nanoseconds};
use etl_context_benches::server::Server;
use etl_context_benches::table::{Table, Target};
use postgres::{Client, Statement};

const ROUNDS: usize = 60;
/// Cycles in one sample: two events each.
const CYCLES: u32 = 20;
const LONG: u64 = 50_000;

type AtRest = Context<Completed<Work>, Again>;

/// The columns of an event, without what they refer to.
const TABLE: &str = "
    create table bare (
        run_id uuid not null, seq bigint not null, epoch bigint not null, time timestamptz not null, event text not null,
        phase text, status text, line text not null, primary key (run_id, seq)
    )";
const INSERT: &str = "
    insert into bare values
    ('00000000-0000-0000-0000-000000000001', $1, 1, $2::text::timestamptz, 'phase_started', 'work', 'running', $3)";

pub fn measure(table: &mut Table, server: &mut Server) {
    let database = server.database();
    server.sync(false);
    let mut runs = [10, LONG].map(|events| Some(run_of(events, server, &database)));
    let mut bare = [10, LONG].map(|events| Bare::of(events, server));
    for is_synced in [true, false] {
        server.sync(is_synced);
        let ([early, late], [bare_early, bare_late]) = (&mut runs, &mut bare);
        let cases: [Case<'_>; 4] = [
            Box::new(|| event(early, CYCLES)),
            Box::new(|| event(late, CYCLES)),
            Box::new(|| nanoseconds(CYCLES * 2, || bare_early.insert())),
            Box::new(|| nanoseconds(CYCLES * 2, || bare_late.insert())),
        ];
        let [early, late, bare_early, bare_late] = fastest(ROUNDS, cases).map(|time| time / 1_000.0);
        let synced = if is_synced { "synced" } else { "not synced" };
        let bare = "an insert and its commit";
        table.row(&format!("a transition at event 10, {synced}"), early, bare, bare_early, "µs", Target::AtMost(1.3));
        table.row(&format!("a transition at event {LONG}, {synced}"), late, bare, bare_late, "µs", Target::AtMost(1.3));
        table.row(&format!("a transition at event {LONG}, {synced}"), late, "at event 10", early, "µs", Target::AtMost(1.1));
    }
}

/// What one of the two events of a cycle takes.
fn event(context: &mut Option<AtRest>, cycles: u32) -> f64 {
    let cycle = || {
        let work = context.take().unwrap().start(Work).unwrap();
        *context = Some(work.complete(()).unwrap());
    };
    nanoseconds(cycles, cycle) / 2.0
}

fn run_of(events: u64, server: &Server, database: &str) -> AtRest {
    let journal = PostgresJournal::connect(server.url(database).as_str()).unwrap().key(events.to_string());
    let context = Run::builder("bench").journal(journal).begin::<Again>().unwrap();
    let mut context = Some(context.start(Work).unwrap().complete(()).unwrap());
    while context.as_ref().unwrap().record().events() < events {
        event(&mut context, CYCLES.min(u32::try_from(events).unwrap()) / 10);
    }
    context.unwrap()
}

struct Bare {
    client: Client,
    insert: Statement,
    next: i64,
}

impl Bare {
    /// A table that has so many rows.
    fn of(rows: u64, server: &mut Server) -> Self {
        let database = server.database();
        let mut client = server.client(&database);
        client.batch_execute(TABLE).unwrap();
        let insert = client.prepare(INSERT).unwrap();
        let mut bare = Bare { client, insert, next: 0 };
        (0..rows).for_each(|_| bare.insert());
        bare
    }

    fn insert(&mut self) {
        let line = format!("{:230}", self.next);
        self.client.execute(&self.insert, &[&self.next, &"2026-11-23T20:55:19.000000Z", &line]).unwrap();
        self.next += 1;
    }
}
