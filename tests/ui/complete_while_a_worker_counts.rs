//~ cannot move out of `extract` because it is borrowed

use etl_context::{Context, Counts, Error, Extract};
use std::thread;

fn main() -> Result<(), Error> {
    let extract = Context::new("import").start(Extract)?;
    let progress = extract.progress();
    thread::scope(|scope| {
        scope.spawn(move || progress.add(Counts { conversations: 1, messages: 20 }));
        extract.complete(())
    })?;
    Ok(())
}
