//~ No phase is currently in progress: the context is `Completed<Extract>`

use etl_context::{Context, Error, Extract};

fn main() -> Result<(), Error> {
    let extracted = Context::new("import").start(Extract)?.complete(())?;
    extracted.complete(())?;
    Ok(())
}
