//! Which words of a table have a colour: how a run or a phase is, in the column or the row that says it.

use anstyle::{AnsiColor, Style};

/// The text, with the words below a heading `status` coloured.
pub(crate) fn painted(text: &str) -> String {
    let mut column = None;
    let mut painted = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if let Some(heading) = heading(line) {
            column = Some(heading);
            painted += &in_style(Style::new().bold(), line.trim_end());
            painted.push('\n');
        } else if line.trim().is_empty() {
            column = None;
            painted += line;
        } else {
            painted += &column.map_or_else(|| painted_row(line), |column| painted_line(line, column));
        }
    }
    painted
}

/// Before how many characters the column begins, if this is the heading of a table that has it.
fn heading(line: &str) -> Option<usize> {
    let is_heading = ["run ", "job ", "phase "].iter().any(|first| line.starts_with(first)) && !line.contains(':');
    is_heading.then(|| line.find(" status ")).flatten().map(|place| line[..place].chars().count() + 1)
}

fn painted_line(line: &str, column: usize) -> String {
    let Some((start, _)) = line.char_indices().nth(column) else { return line.to_owned() };
    let (before, rest) = line.split_at(start);
    let end = rest.find(|character: char| !character.is_ascii_lowercase()).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    match style(word) {
        // A word that begins in this column is a whole one.
        Some(style) if before.ends_with(' ') => format!("{before}{}{after}", in_style(style, word)),
        _ => line.to_owned(),
    }
}

/// Where two runs are beside one another, the statuses of a phase are in a row.
fn painted_row(line: &str) -> String {
    let Some((before, statuses)) = line.split_once(" status ") else { return line.to_owned() };
    if !statuses.split_whitespace().all(|word| word == "–" || word == "pending" || style(word).is_some()) {
        return line.to_owned();
    }
    let paint = |word: &str| match style(word.trim()) {
        Some(style) => word.replace(word.trim(), &in_style(style, word.trim())),
        None => word.to_owned(),
    };
    statuses.split_inclusive(' ').fold(format!("{before} status "), |line, word| line + &paint(word))
}

fn in_style(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

fn style(status: &str) -> Option<Style> {
    let colour = match status {
        "completed" => AnsiColor::Green,
        "failed" => AnsiColor::Red,
        "running" => AnsiColor::Cyan,
        "stopped" | "unfinished" => AnsiColor::Yellow,
        _ => return None,
    };
    Some(Style::new().fg_color(Some(colour.into())))
}

#[cfg(test)]
mod tests {
    use super::painted;

    #[test]
    fn a_status_has_a_colour_where_the_column_says_it_and_nowhere_else() {
        let row = "store  status   completed  failed\n       took   1.00 s\n";
        assert_eq!(
            painted(row),
            row.replace("completed", "\u{1b}[32mcompleted\u{1b}[0m").replace("failed", "\u{1b}[31mfailed\u{1b}[0m")
        );
        let text = "failed: x\nrun     status     began\nfailed  completed  03:00\nß       failed     03:00\n\nx       failed\n";
        let expected = "failed: x\n\u{1b}[1mrun     status     began\u{1b}[0m\nfailed  \u{1b}[32mcompleted\u{1b}[0m  03:00\n\
                        ß       \u{1b}[31mfailed\u{1b}[0m     03:00\n\nx       failed\n";
        assert_eq!(painted(text), expected);
    }
}
