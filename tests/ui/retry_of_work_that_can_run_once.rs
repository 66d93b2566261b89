//~ cannot move out of `rows`, a captured variable in an `FnMut` closure

use etl_context::{Context, Error, Extract, Retry};

fn send(rows: Vec<u64>) -> Result<(), String> {
    if rows.is_empty() { Err("no rows".to_owned()) } else { Ok(()) }
}

fn main() -> Result<(), Error> {
    let rows = vec![1, 2, 3];
    Context::new("import").phase(Extract).retrying(Retry::up_to(3)).run(|_extract| send(rows))?;
    Ok(())
}
