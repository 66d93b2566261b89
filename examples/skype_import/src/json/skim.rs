//! Where does a value end? By its quotes and brackets, however deep they are nested, in blocks as they come.

use memchr::memchr2;

/// How far a value has been looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Skim {
    inside: Inside,
    /// How many brackets are open around this place, of either kind.
    depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Inside {
    Brackets,
    Text,
    /// Behind a backslash, whose next character ends no text.
    Escape,
    /// A number, or a word such as `null`.
    Word,
}

impl Skim {
    /// Of a value that begins with this byte; none does if it cannot.
    pub(crate) fn of(first: u8) -> Option<Self> {
        let inside = match first {
            b'{' | b'[' => Inside::Brackets,
            b'"' => Inside::Text,
            // Some programs write NaN and Infinity.
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I' => Inside::Word,
            _ => return None,
        };
        Some(Skim { inside, depth: 0 })
    }

    /// Looks at the first bytes of the value, or at those that follow what it was shown before; gives the place behind the
    /// value once that is known.
    pub(crate) fn end_in(&mut self, bytes: &[u8], is_first: bool) -> Option<usize> {
        let mut at = usize::from(is_first);
        if is_first && self.inside == Inside::Brackets {
            self.depth = 1;
        }
        loop {
            let rest = bytes.get(at..)?;
            at += match self.inside {
                Inside::Brackets => self.brackets(rest)?,
                Inside::Text => self.text(rest)?,
                Inside::Escape if rest.is_empty() => return None,
                Inside::Escape => {
                    self.inside = Inside::Text;
                    1
                }
                Inside::Word => return rest.iter().position(|byte| ends_word(*byte)).map(|length| at + length),
            };
            if self.depth == 0 && self.inside == Inside::Brackets {
                return Some(at);
            }
        }
    }

    /// Whether the end of the file ends the value too.
    pub(crate) fn may_end(self) -> bool {
        self.inside == Inside::Word
    }

    fn brackets(&mut self, bytes: &[u8]) -> Option<usize> {
        let at = bytes.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
        match bytes[at] {
            b'"' => self.inside = Inside::Text,
            b'{' | b'[' => self.depth += 1,
            _ => self.depth -= 1,
        }
        Some(at + 1)
    }

    fn text(&mut self, bytes: &[u8]) -> Option<usize> {
        let at = memchr2(b'"', b'\\', bytes)?;
        self.inside = if bytes[at] == b'"' { Inside::Brackets } else { Inside::Escape };
        Some(at + 1)
    }
}

fn ends_word(byte: u8) -> bool {
    matches!(byte, b',' | b']' | b'}' | b':' | b'"' | b'[' | b'{' | b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length of the value that begins the text, whatever blocks it comes in.
    fn length(json: &str) -> Option<usize> {
        let skim = Skim::of(*json.as_bytes().first()?)?;
        let in_one = { skim }.end_in(json.as_bytes(), true);
        for cut in 1..json.len() {
            let (head, tail) = json.as_bytes().split_at(cut);
            let mut skim = skim;
            let in_two = skim.end_in(head, true).or_else(|| skim.end_in(tail, false).map(|end| cut + end));
            assert_eq!(in_two, in_one, "{json} cut at {cut}");
        }
        in_one
    }

    #[test]
    fn a_value_ends_where_its_quotes_and_brackets_do() {
        for value in [r#""a""#, r#""a\"]}\\""#, "{}", r#"{"a": ["}", {"b": 1}]}"#, "[[[]]]", "null", "-1.5e3", "NaN"] {
            assert_eq!(length(&format!("{value}, 1")), Some(value.len()), "{value}");
        }
    }

    #[test]
    fn a_value_that_is_cut_off_has_no_end() {
        for value in [r#""a"#, r#""a\"#, "{", r#"{"a": "}"#, "[[]", "nul"] {
            assert_eq!(length(value), None, "{value}");
        }
    }

    #[test]
    fn no_nesting_is_too_deep() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(Skim::of(b'[').unwrap().end_in(deep.as_bytes(), true), Some(200_000));
    }

    #[test]
    fn what_begins_no_value_is_told() {
        assert!(b"}],:<hx\0\xff".iter().all(|byte| Skim::of(*byte).is_none()));
    }
}
