//! How does a log get past the bars? Line by line, above them.

use std::fmt;
use std::io::{self, Write};
use std::mem;

use indicatif::MultiProgress;

use crate::observe::progress_bars::ProgressBars;
use crate::observe::progress_bars::display::Display;

/// Writes lines to standard error above the bars that are drawn there, so that neither is lost in the other.
///
/// It is what [`ProgressBars::writer`] gives. A line is written when it is complete, or when the writer is dropped. Writing never
/// fails: what cannot be written has nobody to read it.
pub struct ProgressWriter {
    display: Display,
    /// The line that is not complete.
    begun: Vec<u8>,
}

impl ProgressBars {
    /// A writer for the log of the program, which keeps lines and bars apart on standard error.
    ///
    /// It goes with [`stderr`](ProgressBars::stderr), and can be made before there is a run. The function is what
    /// `tracing_subscriber` takes for a writer; other loggers take what it returns:
    ///
    /// ```
    /// use etl_context::ProgressBars;
    /// use std::io::Write;
    ///
    /// tracing_subscriber::fmt().with_writer(ProgressBars::writer).init();
    /// writeln!(ProgressBars::writer(), "a line of another kind")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn writer() -> ProgressWriter {
        ProgressWriter { display: Display::standard(), begun: Vec::new() }
    }
}

impl ProgressWriter {
    /// Writes above the bars of a display that the program has already, or to standard error if it is hidden. It goes with
    /// [`ProgressBars::within`].
    ///
    /// ```
    /// use etl_context::{ProgressBars, ProgressWriter};
    /// use indicatif::MultiProgress;
    ///
    /// let display = MultiProgress::new();
    /// let bars = ProgressBars::within(display.clone());
    /// tracing_subscriber::fmt().with_writer(move || ProgressWriter::within(display.clone())).init();
    /// # drop(bars);
    /// ```
    #[must_use]
    pub fn within(all: MultiProgress) -> Self {
        ProgressWriter { display: Display::within(all), begun: Vec::new() }
    }
}

impl Write for ProgressWriter {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(text);
        if let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.begun.split_off(end + 1);
            self.display.print(&mem::replace(&mut self.begun, rest));
        }
        Ok(text.len())
    }

    /// A line that is not complete waits for its end: a bar would be drawn over it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for ProgressWriter {
    fn drop(&mut self) {
        if !self.begun.is_empty() {
            self.begun.push(b'\n');
            self.display.print(&self.begun);
        }
    }
}

impl fmt::Debug for ProgressWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressWriter").field("display", &self.display).finish_non_exhaustive()
    }
}
