//~ Result must be a dictionary: `{integer}` is not one

use etl_context::{Context, Error, Extract};

fn main() -> Result<(), Error> {
    let extract = Context::new("import").start(Extract)?;
    extract.complete(42)?;
    Ok(())
}
