//! What is in an object that lies in one piece?

use memchr::memchr2;

use super::Skim;

/// Where an object that was cut out by its brackets turns out to be none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Malformed {
    /// Counted from the first byte of the object.
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

/// Tells the keys and the values of an object, each as it is written; of a key that is there twice, both.
pub(crate) fn members<'a>(object: &'a [u8], mut tell: impl FnMut(&'a [u8], &'a [u8])) -> Result<(), Malformed> {
    let mut rest = Rest { json: object, at: 0 };
    rest.take(b'{', "an object")?;
    if rest.peek() == Some(b'}') {
        return Ok(());
    }
    loop {
        if rest.peek() != Some(b'"') {
            return Err(rest.expected("a key"));
        }
        let key = rest.value()?;
        rest.take(b':', "`:`")?;
        tell(key, rest.value()?);
        match rest.peek() {
            Some(b',') => rest.at += 1,
            Some(b'}') => return Ok(()),
            _ => return Err(rest.expected("`,` or `}`")),
        }
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

struct Rest<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn peek(&mut self) -> Option<u8> {
        while self.json.get(self.at).is_some_and(|byte| is_space(*byte)) {
            self.at += 1;
        }
        self.json.get(self.at).copied()
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let first = self.peek();
        let rest = &self.json[self.at..];
        // Most values are texts, and few of them have a backslash.
        let is_text = first == Some(b'"');
        let length = if is_text { memchr2(b'"', b'\\', &rest[1..]) } else { None };
        if let Some(length) = length.filter(|length| rest[length + 1] == b'"') {
            self.at += length + 2;
            return Ok(&rest[..length + 2]);
        }
        let skim = first.and_then(Skim::of);
        let Some(end) = skim.and_then(|mut skim| skim.end_in(rest, true)) else {
            return Err(self.expected("a value"));
        };
        self.at += end;
        Ok(&rest[..end])
    }

    fn expected(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(object: &str) -> Result<Vec<(String, String)>, Malformed> {
        let mut told = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        members(object.as_bytes(), |key, value| told.push((text(key), text(value))))?;
        Ok(told)
    }

    #[test]
    fn members_are_told_as_they_are_written() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(told("{}").unwrap(), []);
        let all = told(r#"{ "a" : 1.50 ,"b":{"c": [1, "}"]}, "a": "x\ud83d" }"#).unwrap();
        assert_eq!(all, [pair("\"a\"", "1.50"), pair("\"b\"", r#"{"c": [1, "}"]}"#), pair("\"a\"", r#""x\ud83d""#)]);
    }

    #[test]
    fn what_is_no_object_is_told_by_its_place() {
        for (object, at, expected) in [
            ("[]", 0, "an object"),
            ("{1: 2}", 1, "a key"),
            ("{\"a\" 2}", 5, "`:`"),
            ("{\"a\": }", 6, "a value"),
            ("{\"a\": 1 \"b\": 2}", 8, "`,` or `}`"),
            ("{\"a\": 1,}", 8, "a key"),
        ] {
            assert_eq!(told(object).unwrap_err(), Malformed { at, expected }, "{object}");
        }
    }
}
