//~ phase `Load` cannot start after `Notify` in pipeline `Nightly`

use etl_context::{Error, Extract, Load, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        Load after Extract;
        finally Notify = "notify";
    }
}

fn main() -> Result<(), Error> {
    let extracted = Nightly::context("nightly").start(Extract)?.complete(())?;
    extracted.start(Notify)?.complete(())?.start(Load)?;
    Ok(())
}
