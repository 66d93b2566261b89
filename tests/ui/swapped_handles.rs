//~ borrowed data escapes outside of closure

use etl_context::{Context, Error, Extract};
use std::mem;

fn main() -> Result<(), Error> {
    Context::new("one").phase(Extract).run(|one| {
        Context::new("two").phase(Extract).run(|two| -> Result<(), Error> {
            mem::swap(one, two);
            Ok(())
        })?;
        Ok::<_, Error>(())
    })?;
    Ok(())
}
