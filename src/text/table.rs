//! How is it lined up for people? Columns on lines of at most 100 characters, or of as many as is asked for.

use std::fmt;

use crate::text::line::{length, shortened};

/// The longest line, where nobody says how long it may be.
pub(crate) const WIDTH: usize = 100;

/// The longest line that is asked for, as in `{:.80}`.
pub(crate) fn width(f: &fmt::Formatter<'_>) -> usize {
    f.precision().unwrap_or(WIDTH)
}

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
        let (widths, longest) = (self.widths(), width(f));
        for row in [&headings].into_iter().chain(&self.rows) {
            let aligned = row.iter().zip(&self.columns).zip(&widths).map(|((cell, column), width)| {
                if column.right_aligned { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            writeln!(f, "{}", shortened(aligned.collect::<Vec<_>>().join(GAP).trim_end(), longest))?;
        }
        Ok(())
    }
}
