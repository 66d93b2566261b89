//~ does not say how many times the median is expected
//~ write `0.5..=2.0`, `0.5..` or `..=2.0`, with numbers that have a point

use etl_context::{Etl, Expect, Extract, Run};

fn main() -> Result<(), etl_context::Error> {
    let messages = Expect::counter("messages").within(0.5..2.0).of_median(7);
    Run::builder("import").expect::<Extract>(messages).begin::<Etl>()?;
    Ok(())
}
