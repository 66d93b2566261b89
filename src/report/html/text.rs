//! How does a text from outside get onto the page? Escaped, with every character visible, and folded where it is long.
//!
//! Nothing that an author or an error says is written to the page in any other way.

use std::fmt::{self, Write};

use serde_json::Value;

use crate::text::line::shortened;
use crate::text::number::grouped;
use crate::text::unseen::is_unseen;

/// A longer text is folded.
const SHORT: usize = 240;

/// The same for its lines.
const FEW_LINES: usize = 12;

/// A text longer than this is cut even where it is unfolded.
const LONGEST: usize = 50_000;

/// A text on one line, for elements and attributes alike: line breaks are made visible too.
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| escape(f, character))
    }
}

/// A text that keeps its line breaks and tabs.
struct Lines<'a>(&'a str);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\n' | '\t' => f.write_char(character)?,
                '\r' if characters.peek() == Some(&'\n') => {}
                _ => escape(f, character)?,
            }
        }
        Ok(())
    }
}

fn escape(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&#39;"),
        _ if is_unseen(character) => write!(f, "{}", character.escape_default()),
        _ => f.write_char(character),
    }
}

/// A text of any length, as a block of its own. What is long can be unfolded, without a script.
pub(crate) struct Folded<'a>(pub(crate) &'a str);

impl fmt::Display for Folded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beginning = beginning(self.0);
        if beginning.len() == self.0.len() {
            return write!(f, "<div class=\"text\" dir=\"auto\">{}</div>", Lines(self.0));
        }
        let more = characters(&self.0[beginning.len()..]);
        f.write_str("<details class=\"long\"><summary>")?;
        write!(f, "<span class=\"text\" dir=\"auto\">{}…</span> ", Lines(beginning))?;
        writeln!(f, "<span class=\"more\">{more}</span></summary>")?;
        fmt_whole(f, self.0)?;
        f.write_str("</details>")
    }
}

/// The whole of a name that was shortened, folded.
pub(crate) struct WholeName<'a>(pub(crate) &'a str);

impl fmt::Display for WholeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<details class=\"long\"><summary><span class=\"more\">the whole name</span></summary>\n")?;
        fmt_whole(f, self.0)?;
        f.write_str("</details>")
    }
}

fn fmt_whole(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
    write!(f, "<div class=\"text\" dir=\"auto\">{}</div>", Lines(&text[..end]))?;
    match &text[end..] {
        "" => Ok(()),
        cut => write!(f, "<p class=\"note\">{} are not shown</p>", characters(cut)),
    }
}

/// As much of the text as is always shown.
fn beginning(text: &str) -> &str {
    let longest = text.char_indices().nth(SHORT).map_or(text.len(), |(end, _)| end);
    let most_lines = text.match_indices('\n').nth(FEW_LINES - 1).map_or(text.len(), |(end, _)| end);
    &text[..longest.min(most_lines)]
}

/// As in `1,200 more characters`.
fn characters(hidden: &str) -> String {
    match hidden.chars().count() {
        1 => "1 more character".to_owned(),
        count => format!("{} more characters", grouped(count as u64)),
    }
}

/// A value of a result, as people read it: a text as it is, anything nested as JSON.
pub(crate) fn readable(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => {
            let compact = value.to_string();
            let pretty = || serde_json::to_string_pretty(value).unwrap_or_else(|_| compact.clone());
            if compact.chars().count() <= 24 { compact } else { pretty() }
        }
        _ => value.to_string(),
    }
}

/// A name in a cell of a table: it takes as little room as it needs, and not all of it.
pub(crate) struct Name<'a>(pub(crate) &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span class=\"name\">{}</span>", name(self.0, 64))
    }
}

/// A name on one line, shortened to at most this many characters.
pub(crate) fn name(text: &str, most: usize) -> String {
    Line(&shortened(text, most)).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Folded, LONGEST, Line, SHORT};

    #[test]
    fn markup_and_quotes_are_escaped() {
        let text = r#"</style><script>alert("1 & '2'")</script>"#;
        let escaped = "&lt;/style&gt;&lt;script&gt;alert(&quot;1 &amp; &#39;2&#39;&quot;)&lt;/script&gt;";
        assert_eq!(Line(text).to_string(), escaped);
    }

    #[test]
    fn what_cannot_be_seen_is_made_visible() {
        assert_eq!(Line("a\0b\u{202e}c\nd").to_string(), r"a\u{0}b\u{202e}c\nd");
        assert_eq!(Folded("a\r\nb\rc").to_string(), "<div class=\"text\" dir=\"auto\">a\nb\\rc</div>");
    }

    #[test]
    fn a_long_text_is_folded_and_complete() {
        let text = "é".repeat(SHORT) + "end";
        let folded = Folded(&text).to_string();
        assert!(folded.contains("…</span> <span class=\"more\">3 more characters</span>"));
        assert!(folded.contains(&format!(">{text}</div>")));
    }

    #[test]
    fn a_text_of_many_lines_is_folded() {
        assert!(Folded(&"line\n".repeat(13)).to_string().contains("<details"));
        assert!(!Folded(&"line\n".repeat(11)).to_string().contains("<details"));
    }

    #[test]
    fn an_endless_text_is_cut_and_says_so() {
        let folded = Folded(&"x".repeat(LONGEST + 1_000)).to_string();
        assert!(folded.len() < LONGEST + 1_000);
        assert!(folded.contains("1,000 more characters are not shown"));
    }
}
