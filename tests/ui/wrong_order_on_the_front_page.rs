//~ phase `Load` cannot start after `Fetch` in pipeline `Nightly`

use etl_context::{Error, counters, pipeline};

counters! {
    struct Rides { rows: u64, bytes: u64 }
}

pipeline! {
    Nightly {
        Fetch = "fetch" counts Rides after Idle;
        Check = "check" counts Rides after Fetch;
        Load = "load" counts Rides after Check;
    }
}

fn main() -> Result<(), Error> {
    let (fetched, ()) = Nightly::context("taxi-rides").phase(Fetch).run(|_| Ok::<_, Error>(()))?;
    let (loaded, ()) = fetched.phase(Load).run(|_| Ok::<_, Error>(()))?;
    println!("{}", loaded.summary());
    Ok(())
}
