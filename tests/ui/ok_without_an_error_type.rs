//~ type annotations needed
//~ cannot infer type of the type parameter `E`

use etl_context::{Context, Error, Extract};

fn main() -> Result<(), Error> {
    let extract = Context::new("import").phase(Extract);
    let (extracted, ()) = extract.run(|_| Ok(()))?;
    drop(extracted);
    Ok(())
}
