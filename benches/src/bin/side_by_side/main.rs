//! What does the crate cost, beside what people would use instead? One table.
//!
//! `cargo run --release --bin side_by_side` from the folder `benches`; with a word behind it, only the rows of that group:
//! `counting`, `cycles`, `durable`, `sqlite`, `replay`, `memory`, `rejects`.

mod counting;
mod cycles;
mod durable;
mod machine;
mod memory;
mod rejects;
mod replay;
mod sqlite;

use etl_context_benches::table::Table;

fn main() {
    let groups: [(&str, fn(&mut Table)); 7] = [
        ("counting", counting::measure),
        ("cycles", cycles::measure),
        ("durable", durable::measure),
        ("sqlite", sqlite::measure),
        ("replay", replay::measure),
        ("memory", memory::measure),
        ("rejects", rejects::measure),
    ];
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let mut table = Table::new();
    for (name, measure) in groups {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            measure(&mut table);
        }
    }
    table.finish();
}
