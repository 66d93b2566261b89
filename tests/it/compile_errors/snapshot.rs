//! What the compiler prints, without what differs from folder to folder, and with every line of the crate that is added or goes.

/// The text with paths from the root of the repository, and without the places in the crate itself and their line numbers.
pub(super) fn of(printed: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let printed = printed.replace(root, "");
    let messages = printed.trim_end().split("\n\n").map(|message| aligned(&without_places_in_crate(message)));
    messages.collect::<Vec<_>>().join("\n")
}

fn without_places_in_crate(message: &str) -> Vec<String> {
    let mut is_in_crate = false;
    let lines = message.lines().map(|line| {
        let (margin, rest) = line.split_at(line.len() - line.trim_start().len());
        match place(rest) {
            Some((arrow, place)) => {
                is_in_crate = !place.starts_with("tests/ui/");
                let shown = if is_in_crate { place.split(':').next().unwrap_or_default() } else { place };
                format!("{margin}{arrow}{shown}")
            }
            None if is_in_crate => without_line_number(line),
            None => line.to_owned(),
        }
    });
    lines.collect()
}

/// The arrow, and where it points to.
fn place(line: &str) -> Option<(&'static str, &str)> {
    ["--> ", "::: "].into_iter().find_map(|arrow| Some((arrow, line.strip_prefix(arrow)?)))
}

fn without_line_number(line: &str) -> String {
    let number = line_number(line);
    line.replacen(number, &" ".repeat(number.len()), 1)
}

/// The number at the left of a line of code; empty if there is none.
fn line_number(line: &str) -> &str {
    let line = line.trim_start();
    let number = line.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    if line[number.len()..].starts_with(" |") { number } else { "" }
}

/// The margin of a message is as wide as its longest line number; where that is gone, it is too wide.
fn aligned(lines: &[String]) -> String {
    let needed = lines.iter().map(|line| line_number(line).len()).max().unwrap_or_default().max(1);
    let margin = lines.iter().find_map(|line| line.find("--> ")).unwrap_or_default();
    let too_wide = " ".repeat(margin.saturating_sub(needed));
    let above = [""].into_iter().chain(lines.iter().map(String::as_str));
    let aligned = above.zip(lines).map(|(above, line)| match line.strip_prefix("...") {
        Some(rest) => format!("...{}\n", rest.strip_prefix(&too_wide).unwrap_or(rest)),
        None if goes_on(above, line) => format!("{line}\n"),
        None => format!("{}\n", line.strip_prefix(&too_wide).unwrap_or(line)),
    });
    aligned.collect()
}

/// Whether the line belongs to the heading above it, which has no margin.
fn goes_on(above: &str, line: &str) -> bool {
    let has_margin = ["-->", ":::", "|", "="].iter().any(|sign| line.trim_start().starts_with(sign));
    above.starts_with(char::is_alphabetic) && !has_margin
}
