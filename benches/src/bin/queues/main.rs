//! What do parts and events in PostgreSQL cost, beside a bare queue and a bare insert on the same server? One table.
//!
//! `cargo run --release --features queues --bin queues` from the folder `benches`; with a word behind it, only the rows of that group:
//! `parts`, `finish`, `file`, `transitions`, `hosts`.

mod bare;
mod file;
mod finish;
mod hosts;
mod pace;
mod parts;
mod transitions;

use etl_context_benches::server::Server;
use etl_context_benches::table::Table;

fn main() {
    let groups: [(&str, fn(&mut Table, &mut Server)); 5] = [
        ("parts", parts::measure),
        ("finish", finish::measure),
        ("file", file::measure),
        ("transitions", transitions::measure),
        ("hosts", hosts::measure),
    ];
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let (mut table, mut server) = (Table::new(), Server::start());
    for (name, measure) in groups {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            measure(&mut table, &mut server);
        }
    }
    table.finish();
}
