//~ no method named `clone` found for struct `Context

use etl_context::{Context, Error, Extract};

fn main() -> Result<(), Error> {
    let extract = Context::new("import").start(Extract)?;
    let copy = extract.clone();
    Ok(())
}
