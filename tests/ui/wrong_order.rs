//~ phase `Load` cannot start after `Extract` in pipeline `Etl`

use etl_context::{Context, Error, Extract, Load};

fn main() -> Result<(), Error> {
    let extracted = Context::new("import").start(Extract)?.complete(())?;
    extracted.start(Load)?;
    Ok(())
}
