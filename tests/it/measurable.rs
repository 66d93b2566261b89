//! An attempt that lasts long enough to have a rate. How long that is, is not looked at.

use std::hint::spin_loop;
use std::time::Duration;

use etl_context::ProgressReader;

/// Returns once the attempt has lasted some microseconds, the unit in which it is measured.
pub(crate) fn let_time_pass(progress: &ProgressReader) {
    while progress.elapsed() < Duration::from_micros(50) {
        spin_loop();
    }
}
