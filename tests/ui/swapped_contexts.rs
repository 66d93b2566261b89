//~ expected `&mut RunningPhase<'_, Extract>`, found `&mut Context<Running<Extract>>`

use etl_context::{Context, Error, Extract};

fn swap<T>(left: &mut T, right: &mut T) {
    std::mem::swap(left, right);
}

fn main() -> Result<(), Error> {
    let mut other = Context::new("two").start(Extract)?;
    Context::new("one").phase(Extract).run(|one| -> Result<(), Error> {
        swap(one, &mut other);
        Ok(())
    })?;
    Ok(())
}
