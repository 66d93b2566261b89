//! No watcher can hurt a run, not even when the run lets go of it.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etl_context::{Etl, Event, Extract, Observation, Observer, Run};

/// Panics when it is dropped, after it has counted.
struct PanicsAtTheEnd(Arc<AtomicU64>);

impl Observer for PanicsAtTheEnd {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

impl Drop for PanicsAtTheEnd {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("a bug in the observer");
    }
}

#[test]
fn an_observer_that_panics_when_the_run_is_over_stops_nobody() {
    let dropped = Arc::new(AtomicU64::new(0));
    let observer = || PanicsAtTheEnd(Arc::clone(&dropped));
    let context = Run::builder("import").observe(observer()).observe(observer()).begin::<Etl>().unwrap();
    drop(context.start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}
