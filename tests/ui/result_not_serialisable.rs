//~ the trait bound `Source:
//~ Serialize` is not satisfied

use etl_context::{Context, Error, Extract, PhaseResult};

struct Source {
    file: String,
}

impl PhaseResult for Source {}

fn main() -> Result<(), Error> {
    let extract = Context::new("import").start(Extract)?;
    extract.complete(Source { file: "export.tar".to_owned() })?;
    Ok(())
}
