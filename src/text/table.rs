//! How is it lined up for people? Columns, numbers and durations, on lines of at most 100 characters.

use std::fmt;
use std::time::Duration;

use crate::text::unseen::is_unseen;

/// The longest line.
pub(crate) const WIDTH: usize = 100;

const GAP: &str = "  ";

/// Rows of cells under a heading. Numbers are right-aligned.
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

pub(crate) struct Column {
    heading: String,
    right_aligned: bool,
}

impl Column {
    pub(crate) fn left(heading: &str) -> Self {
        Column { heading: heading.to_owned(), right_aligned: false }
    }

    pub(crate) fn right(heading: &str) -> Self {
        Column { heading: heading.to_owned(), right_aligned: true }
    }

    /// What every table of attempts begins with.
    pub(crate) fn of_attempts() -> [Self; 4] {
        [Column::left("phase"), Column::left("status"), Column::right("attempt"), Column::right("duration")]
    }
}

impl Table {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        Table { columns, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The length of its longest line.
    pub(crate) fn width(&self) -> usize {
        let gaps = GAP.len() * self.columns.len().saturating_sub(1);
        self.widths().iter().sum::<usize>() + gaps
    }

    fn widths(&self) -> Vec<usize> {
        let width_of = |(index, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| length(cell));
            cells.fold(length(&column.heading), usize::max)
        };
        self.columns.iter().enumerate().map(width_of).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings = self.columns.iter().map(|column| column.heading.clone()).collect();
        let widths = self.widths();
        for row in [&headings].into_iter().chain(&self.rows) {
            let aligned = row.iter().zip(&self.columns).zip(&widths).map(|((cell, column), width)| {
                if column.right_aligned { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            writeln!(f, "{}", shortened(aligned.collect::<Vec<_>>().join(GAP).trim_end(), WIDTH))?;
        }
        Ok(())
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The text with an ellipsis where it is longer than `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The text with an ellipsis in its middle where it is longer than `most` characters: names often differ at their ends.
pub(crate) fn shortened_inside(text: &str, most: usize) -> String {
    let length = length(text);
    if length <= most {
        return text.to_owned();
    }
    let (start, end) = ((most - 1) / 2, most / 2);
    text.chars().take(start).chain(['…']).chain(text.chars().skip(length - end)).collect()
}

/// A text from outside on one line of at most `most` characters, with characters escaped that cannot be seen.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let escape = |character: char| {
        let escaped = is_unseen(character).then(|| character.escape_default());
        escaped.into_iter().flatten().chain((!is_unseen(character)).then_some(character))
    };
    // What is cut off in the end need not be escaped first.
    let escaped = text.chars().take(most + 1).flat_map(escape).collect::<String>();
    shortened(&escaped, most)
}

/// The text on lines of at most `width` characters, broken at spaces where there are any; later lines are indented. What
/// does not fit on `most` lines is cut.
pub(crate) fn wrapped(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text.trim_end().to_owned();
    while length(&rest) > width && lines.len() + 1 < most {
        let fitting = rest.char_indices().nth(width).map_or(rest.len(), |(end, _)| end);
        let indent = rest.len() - rest.trim_start().len();
        let end = rest[..fitting].rfind(' ').filter(|space| *space > indent).unwrap_or(fitting);
        let later = format!("    {}", rest[end..].trim_start());
        lines.push(rest[..end].to_owned());
        rest = later;
    }
    lines.push(shortened(&rest, width));
    lines
}

/// As in `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate of at least 10 without a fraction, a smaller one with one digit of it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and rates are never negative")]
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        9.95.. => grouped(per_second.round() as u64),
        0.05.. => format!("{per_second:.1}"),
        _ => "under 0.1".to_owned(),
    }
}

/// As in `42 %`, `4.2 %`, `under 0.1 %`. Only what is all reads as 100 %.
pub(crate) fn percentage(percent: f64) -> String {
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.1 => "under 0.1 %".to_owned(),
        ..9.95 | 99.5..99.95 => format!("{percent:.1} %"),
        99.95..100.0 => "over 99.9 %".to_owned(),
        _ => format!("{percent:.0} %"),
    }
}

/// As in `840 µs`, `12.3 ms`, `1.24 s`, `2 min 05 s`, `3 h 12 min`.
pub(crate) fn duration(duration: Duration) -> String {
    match (duration.as_secs(), duration.subsec_micros()) {
        (0, micros @ 0..1_000) => format!("{micros} µs"),
        (0, _) => format!("{:.1} ms", duration.as_secs_f64() * 1_000.0),
        (0..60, _) => format!("{:.2} s", duration.as_secs_f64()),
        (seconds @ 60..3_600, _) => format!("{} min {:02} s", seconds / 60, seconds % 60),
        (seconds, _) => format!("{} h {:02} min", grouped(seconds / 3_600), seconds / 60 % 60),
    }
}
