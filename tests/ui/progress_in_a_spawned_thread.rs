//~ borrowed data escapes outside of closure
//~ `extract` escapes the closure body here

use std::thread;

use etl_context::{Context, Counts, Error, Extract};

fn main() -> Result<(), Error> {
    let extract = Context::new("import").phase(Extract);
    let (extracted, ()) = extract.run(|extract| {
        let progress = extract.progress();
        let thread = thread::spawn(move || progress.add(Counts { conversations: 1, messages: 20 }));
        thread.join().map_err(|_| "the thread panicked")
    })?;
    drop(extracted);
    Ok(())
}
