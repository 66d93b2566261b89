//! How a text from outside is shown: names of jobs, keys and paths may hold anything.

use std::fmt::{Display, Write};

/// With characters escaped that cannot be seen, or that a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unseen(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}

fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Each on a line of its own.
pub(crate) fn lines(texts: impl IntoIterator<Item: Display>) -> String {
    texts.into_iter().fold(String::new(), |mut lines, text| {
        let _ = writeln!(lines, "{text}");
        lines
    })
}

/// As in `1 run` and `2 runs`.
pub(crate) fn runs(number: usize) -> String {
    if number == 1 { "1 run".to_owned() } else { format!("{number} runs") }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(shown("é/\u{1b}[2J\n\u{202e}x"), "é/\\u{1b}[2J\\n\\u{202e}x");
    }
}
