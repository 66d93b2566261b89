//~ No phase is currently in progress: the context is `Idle`

use etl_context::{Context, Error, dict};

fn main() -> Result<(), Error> {
    let context = Context::new("import");
    context.complete(dict! { "rows": 10 })?;
    Ok(())
}
