//~ No phase is currently in progress: the context is `Idle`

use etl_context::{Context, Error};

fn main() -> Result<(), Error> {
    let context = Context::new("import");
    context.fail("the disk is full")?;
    Ok(())
}
