//~ use of moved value: `extract`

use etl_context::{Context, Error, Extract};

fn main() -> Result<(), Error> {
    let extract = Context::new("import").start(Extract)?;
    extract.complete(())?;
    extract.complete(())?;
    Ok(())
}
