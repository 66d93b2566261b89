//! What was processed, in one cell? Each counter that was counted, with its noun.

use std::fmt;

use crate::record::counted::Counted;
use crate::report::html::text;
use crate::text::counter::noun;

pub(crate) fn fmt_processed<'a>(f: &mut fmt::Formatter<'_>, counters: impl Iterator<Item = Counted<'a>>) -> fmt::Result {
    for (index, counted) in counters.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{}", counted.amount())?;
        match noun(counted.name) {
            "" => {}
            noun => write!(f, " {}", text::name(noun, 64))?,
        }
    }
    Ok(())
}
