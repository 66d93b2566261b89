//! Can this text be read as JSON later? Everything is looked at as if it were read, and nothing is kept.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::json::lossless::{DEEPEST, too_deep};

/// Whether `serde_json` reads the text into a `Value`, and it is not nested deeper than 100.
pub(crate) fn is_readable(json: &str) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Readable { depth: 0 }.deserialize(&mut deserializer).and_then(|()| deserializer.end()).is_ok()
}

/// A value somewhere in the tree, with the number of containers around it.
#[derive(Clone, Copy)]
struct Readable {
    depth: usize,
}

impl Readable {
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEEPEST { Err(E::custom(too_deep())) } else { Ok(Readable { depth: self.depth + 1 }) }
    }
}

impl<'de> DeserializeSeed<'de> for Readable {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! readable {
    ($($method:ident($($kind:ty)?);)*) => {
        $( fn $method<E: Error>(self $(, _: $kind)?) -> Result<(), E> { Ok(()) } )*
    };
}

impl<'de> Visitor<'de> for Readable {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    readable! {
        visit_unit();
        visit_bool(bool);
        visit_i64(i64);
        visit_u64(u64);
        visit_f64(f64);
        visit_str(&str);
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while entries.next_key_seed(Readable { depth: 0 })?.is_some() {
            entries.next_value_seed(inside)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::is_readable;

    #[test]
    fn what_is_readable_is_what_can_be_read() {
        let texts = [
            r#"{"a":[1,-1,0.5,1e300,18446744073709551616],"b":{"c":null,"d":true}}"#,
            r#""\u00e9\ud83d\ude00""#,
            "1e999",
            r#""\ud83d""#,
            "\"\n\"",
            r#""\q""#,
            "01",
            "[1,]",
            r#"{"a":1}}"#,
            r#"{"a"}"#,
            "{1:2}",
            "",
            "nul",
        ];
        for text in texts {
            assert_eq!(is_readable(text), serde_json::from_str::<Value>(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_nested_deeper_than_what_can_be_recorded_is_not() {
        let nested = |levels| "[".repeat(levels) + &"]".repeat(levels);
        assert!(is_readable(&nested(100)));
        assert!(!is_readable(&nested(101)));
    }
}
