//! An attempt that lasts long enough to have a rate. How long that is, is not looked at.

use std::hint::spin_loop;
use std::time::Duration;

use etl_context::ProgressReader;

/// Returns once the attempt has lasted more than a millisecond: for less, no rate is shown.
pub(crate) fn let_time_pass(progress: &ProgressReader) {
    while progress.elapsed() < Duration::from_micros(1_500) {
        spin_loop();
    }
}
