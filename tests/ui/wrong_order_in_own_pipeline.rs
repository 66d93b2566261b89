//~ phase `Validate` cannot start after `Idle` in pipeline `Nightly`

use etl_context::{Error, Extract, Load, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Validate = "validate" after Extract;
        Load after Validate | Extract;
    }
}

fn main() -> Result<(), Error> {
    Nightly::context("import").start(Validate)?;
    Ok(())
}
