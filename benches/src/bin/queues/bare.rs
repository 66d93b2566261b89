//! What would be written without the library? A table, and a transaction for each part: select for update, skip locked; update; commit.

use std::thread;

use etl_context_benches::server::Server;

use crate::pace::Pace;

const TABLE: &str = "
    drop table if exists queue;
    create table queue (position bigint primary key, part text not null, state text not null default 'open', counts text);
    create index queue_open on queue (position) where state = 'open'";

/// Parts in a second by so many clients, of a table of so many parts.
pub fn parts_per_second(server: &Server, database: &str, parts: usize, workers: usize) -> f64 {
    let mut client = server.client(database);
    client.batch_execute(TABLE).unwrap();
    let fill = "insert into queue (position, part) select number, 'part ' || number from generate_series(1, $1::bigint) number";
    client.execute(fill, &[&i64::try_from(parts).unwrap()]).unwrap();
    let pace = Pace::of(workers);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| work(server, database, &pace));
        }
    });
    pace.parts_per_second()
}

fn work(server: &Server, database: &str, pace: &Pace) {
    let mut client = server.client(database);
    let next = "select position, part from queue where state = 'open' order by position limit 1 for update skip locked";
    let next = client.prepare(next).unwrap();
    let end = client.prepare("update queue set state = 'completed', counts = $2 where position = $1").unwrap();
    let mut is_first = true;
    loop {
        let mut transaction = client.transaction().unwrap();
        let Some(part) = transaction.query_opt(&next, &[]).unwrap() else { return };
        if !pace.took(std::mem::take(&mut is_first)) {
            return;
        }
        let counts = r#"{"conversations":1,"messages":1}"#;
        transaction.execute(&end, &[&part.get::<_, i64>(0), &counts]).unwrap();
        transaction.commit().unwrap();
    }
}
