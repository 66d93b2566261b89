//~ mismatched types
//~ expected `f64`, found integer

use etl_context::{Etl, Expect, Extract, Run};

fn main() -> Result<(), etl_context::Error> {
    let messages = Expect::rate("messages").at_least(100);
    Run::builder("import").expect::<Extract>(messages).begin::<Etl>()?;
    Ok(())
}
