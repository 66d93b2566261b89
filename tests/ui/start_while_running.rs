//~ A phase is already in progress: the context is `Running<Extract>`

use etl_context::{Context, Error, Extract, Transform};

fn main() -> Result<(), Error> {
    let extract = Context::new("import").start(Extract)?;
    extract.start(Transform)?;
    Ok(())
}
