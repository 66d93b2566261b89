//! Which key of an object is there twice? A second one would silently take the place of the first.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::text::line::shown;

/// The first key that an object somewhere in the value has twice, as it may be shown; `None` if there is none. Only text keeps both,
/// so the value is written as text and looked at.
pub(crate) fn key_there_twice<T: Serialize>(value: &T) -> Option<String> {
    let json = serde_json::to_string(value).ok()?;
    let mut found = None;
    let _ = Objects { found: &mut found }.deserialize(&mut serde_json::Deserializer::from_str(&json));
    found.map(|key| shown(&key))
}

/// Looks at every object, up to the first that has a key twice.
struct Objects<'a> {
    found: &'a mut Option<String>,
}

impl Objects<'_> {
    fn inside(&mut self) -> Objects<'_> {
        Objects { found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Objects<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! no_object {
    ($($method:ident($($kind:ty)?);)*) => {
        $( fn $method<E: Error>(self $(, _: $kind)?) -> Result<(), E> { Ok(()) } )*
    };
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    no_object! {
        visit_unit();
        visit_bool(bool);
        visit_i64(i64);
        visit_u64(u64);
        visit_f64(f64);
        visit_str(&str);
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.inside())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                *self.found = Some(key);
                return Err(A::Error::custom("a key is there twice"));
            }
            keys.insert(key);
            entries.next_value_seed(self.inside())?;
        }
        Ok(())
    }
}
