//~ mismatched types
//~ found `TimesMedian<u64>`

use etl_context::{Etl, Expect, Extract, Run};

fn main() -> Result<(), etl_context::Error> {
    let messages = Expect::counter("messages").within(0.5..=2.0);
    Run::builder("import").expect::<Extract>(messages).begin::<Etl>()?;
    Ok(())
}
