//~ No phase is currently in progress: the context is `Idle`

use etl_context::{Context, Error};

fn main() -> Result<(), Error> {
    let mut context = Context::new("import");
    context.checkpoint(&100)
}
