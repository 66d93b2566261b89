//! What is seen while a phase waits for its next attempt.

use std::time::Duration;

use etl_context::{Extract, Pause, Retry};

use super::{begin, frame_with, terminal};

#[test]
fn a_phase_that_is_tried_again_says_when() {
    for columns in [80, 120] {
        let (terminal, bars) = terminal(columns);
        let context = begin(bars);
        let stopper = context.stopper();
        let retry = Retry::up_to(2).pausing(Pause::fixed(Duration::from_secs(3_600)));
        let phase = std::thread::spawn(move || context.phase(Extract).retrying(retry).run(|_| Err::<(), _>("no connection")));
        let frame = frame_with(&terminal, "next attempt in ");
        assert_eq!(frame.len(), 1, "{frame:#?}");
        assert!(
            frame[0].contains("extract          next attempt in 1:00:00") || frame[0].contains(" next attempt in 59:"),
            "{frame:#?}"
        );
        stopper.stop();
        drop(phase.join().unwrap());
        // How the attempt ended is what stays.
        let left = terminal.contents();
        assert!(left.contains("✗ extract          failed (error) after "), "{left}");
    }
}
