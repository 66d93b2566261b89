//~ `NoSuchFile` cannot be recorded as an error

use etl_context::{Context, Error, Extract};

#[derive(Debug)]
struct NoSuchFile;

fn main() -> Result<(), Error> {
    let extract = Context::new("import").start(Extract)?;
    extract.fail(&NoSuchFile)?;
    Ok(())
}
