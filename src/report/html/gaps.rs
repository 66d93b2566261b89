//! When did nothing run? The gaps that the reader is told of: those drawn short, and those before which a process died.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::record::attempt::PhaseReport;
use crate::report::html::axis::{Axis, Stretch};
use crate::text::list::listed_up_to;
use crate::text::number::{duration, grouped};

/// So many gaps have a letter; so many are drawn.
const LETTERS: usize = 8;
const MOST_DRAWN: usize = 1_000;

/// So many attempts are named that were cut off at once.
const ATTEMPTS_NAMED: usize = 4;

/// The gaps from left to right.
pub(crate) struct Gaps<'a>(Vec<Gap<'a>>);

struct Gap<'a> {
    stretch: Stretch,
    /// The attempts whose process died before it.
    interrupted: Vec<&'a PhaseReport>,
}

impl<'a> Gaps<'a> {
    /// `interrupted` has the attempts that were, by the moment of their last sign of life.
    pub(crate) fn new(axis: &Axis, interrupted: &BTreeMap<u64, Vec<&'a PhaseReport>>) -> Self {
        let before = |gap: &Stretch| interrupted.get(&gap.from).cloned().unwrap_or_default();
        let gaps = axis.gaps().map(|gap| Gap { stretch: *gap, interrupted: before(gap) });
        Gaps(gaps.filter(|gap| gap.stretch.cut || !gap.interrupted.is_empty()).collect())
    }

    fn lettered(&self) -> impl Iterator<Item = (char, &Gap<'a>)> {
        ('A'..).zip(&self.0).take(LETTERS)
    }

    /// Their letters, above the axis.
    pub(crate) fn fmt_letters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lettered().try_for_each(|(letter, gap)| {
            let place = f64::midpoint(gap.stretch.left, gap.stretch.right);
            write!(f, "<span class=\"gap\" style=\"left:{place:.3}%\">{letter}</span>")
        })
    }

    /// The bands behind the bars.
    pub(crate) fn fmt_bands(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(MOST_DRAWN).try_for_each(|Gap { stretch: Stretch { left, right, .. }, .. }| {
            write!(f, "<rect class=\"idle\" x=\"{left:.3}%\" width=\"{:.3}%\" height=\"100%\"/>", right - left)
        })
    }
}

/// What the letters stand for.
impl fmt::Display for Gaps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        f.write_str("<ul class=\"gaps\">\n")?;
        self.lettered().try_for_each(|(letter, gap)| writeln!(f, "<li><b>{letter}</b> {gap}.</li>"))?;
        if let Some(more) = self.0.len().checked_sub(LETTERS).filter(|more| *more > 0) {
            writeln!(f, "<li>And {} more gaps of this kind.</li>", grouped(more as u64))?;
        }
        f.write_str("</ul>\n")
    }
}

impl fmt::Display for Gap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = duration(Duration::from_micros(self.stretch.to - self.stretch.from));
        match self.interrupted[..] {
            [] if self.stretch.from == 0 => write!(f, "Nothing ran for {length} after the run began")?,
            [] => write!(f, "Nothing ran for {length}")?,
            _ => {
                let attempt = |report: &&PhaseReport| format!("attempt {} at {}", report.attempt(), report.phase());
                let attempts = listed_up_to(&self.interrupted.iter().map(attempt).collect::<Vec<_>>(), ATTEMPTS_NAMED);
                write!(f, "Nothing was recorded for {length}, after the last sign of life of {attempts}")?;
            }
        }
        f.write_str(if self.stretch.cut { "; drawn shorter than it was" } else { "" })
    }
}
