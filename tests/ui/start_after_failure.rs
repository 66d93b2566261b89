//~ phase `Transform` cannot start after `Failed<Extract>` in pipeline `Etl`

use etl_context::{Context, Error, Extract, Transform};

fn main() -> Result<(), Error> {
    let failed = Context::new("import").start(Extract)?.fail("no such file")?;
    failed.start(Transform)?;
    Ok(())
}
