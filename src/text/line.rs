//! How does a text fit on a line? Shortened, wrapped, and with nothing in it that cannot be seen.

use std::fmt::Display;
use std::path::Path;

use crate::text::unseen::is_unseen;

pub(crate) fn length(text: &str) -> usize {
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

/// The same as a line of its own, which ends with something that can be seen.
pub(crate) fn own_line(text: &str, most: usize) -> String {
    one_line(text, most).trim_end().to_owned()
}

/// A text from outside as an error may show it: on one line, and no longer than a line.
pub(crate) fn shown(text: &str) -> String {
    one_line(text, 80)
}

/// What somebody else says (an author's error, a store, a library that quotes what it has read), as it may be shown: on one line, and
/// no longer than a paragraph.
pub(crate) fn told(words: &impl Display) -> String {
    one_line(&words.to_string(), 1_000)
}

/// A path as it may be shown, whole.
pub(crate) fn shown_path(path: &Path) -> String {
    one_line(&path.to_string_lossy(), 10_000)
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
        lines.push(rest[..end].trim_end().to_owned());
        rest = later;
    }
    lines.push(shortened(&rest, width));
    lines
}
