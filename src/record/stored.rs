//! Does what was recorded earlier fit the type that the program asks for now? And will what is recorded now, later?

use std::cell::RefCell;

use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error as JsonError, Value, map};

use crate::counting::counters::{Counters, Tally};
use crate::json::dictionary::{Checked, KeptResult, PhaseResult, ResultFault, dictionary};
use crate::pipeline::phase::PhaseName;

/// Something recorded earlier that does not fit the type that is asked for now.
pub(crate) struct NotReadable {
    pub(crate) phase: PhaseName,
    /// What was recorded: `the checkpoint`, `the result`.
    pub(crate) what: &'static str,
    /// Which part does not fit.
    pub(crate) reason: String,
}

/// What was recorded, as a `T`.
///
/// # Errors
///
/// [`NotReadable`], which names the phase, what was recorded, and the key that does not fit.
pub(crate) fn read_stored<T: DeserializeOwned>(phase: &PhaseName, what: &'static str, stored: &Value) -> Result<T, NotReadable> {
    read(stored).map_err(|reason| NotReadable { phase: phase.clone(), what, reason })
}

/// # Errors
///
/// Which part does not fit.
fn read<T: DeserializeOwned>(stored: &Value) -> Result<T, String> {
    T::deserialize(stored).map_err(|error| match refused_key::<T>(stored) {
        Some(key) => format!("key `{key}`: {error}"),
        None => error.to_string(),
    })
}

/// What was counted, as what the program counts now.
///
/// # Errors
///
/// [`NotReadable`], if a counter of the program is not among those of the record, and the other way round.
pub(crate) fn read_counts<C: Counters>(phase: &PhaseName, counted: &Tally) -> Result<C, NotReadable> {
    counted.typed().ok_or_else(|| NotReadable {
        phase: phase.clone(),
        what: "the count",
        reason: format!("it has {}, and the program counts {}", counted.joined_names(), C::NAMES.join(", ")),
    })
}

/// A result that is only recorded if it can be read back as what it is.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct ReadBack<'a, R>(pub(crate) &'a R);

impl<R: PhaseResult + DeserializeOwned> PhaseResult for ReadBack<'_, R> {
    fn into_kept(self) -> Checked {
        if R::IS_ANY_DICTIONARY {
            return self.0.into_kept();
        }
        // It is read as it will be.
        let stored = dictionary(self.0)?.map_or(Value::Null, Value::Object);
        match read::<R>(&stored) {
            Ok(_) => Ok(if let Value::Object(dictionary) = stored { Some(KeptResult::Given(dictionary)) } else { None }),
            Err(reason) => Err(ResultFault::NotSerializable(format!("it could not be read back: {reason}"))),
        }
    }
}

/// The key whose value does not fit, found by reading a second time; `None` if it is not a value that does not fit, or not one
/// at the top.
fn refused_key<T: DeserializeOwned>(stored: &Value) -> Option<String> {
    let key = RefCell::new(None);
    T::deserialize(Named { stored, key: &key }).err()?;
    key.into_inner()
}

/// A stored value that remembers which of its keys is being read, because `serde_json` does not say.
#[derive(Clone, Copy)]
struct Named<'a> {
    stored: &'a Value,
    key: &'a RefCell<Option<String>>,
}

impl<'de, 'a: 'de> Deserializer<'de> for Named<'a> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.stored {
            Value::Object(entries) => visitor.visit_map(NamedEntries { entries: entries.iter(), entry: None, key: self.key }),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        if self.stored.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.stored.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct NamedEntries<'a> {
    entries: map::Iter<'a>,
    entry: Option<(&'a String, &'a Value)>,
    key: &'a RefCell<Option<String>>,
}

impl<'de, 'a: 'de> MapAccess<'de> for NamedEntries<'a> {
    type Error = JsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, JsonError> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.entry = Some((key, value));
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, JsonError> {
        let Some((key, value)) = self.entry.take() else { return seed.deserialize(&Value::Null) };
        // Only a key whose value was refused is named.
        self.key.replace(Some(key.clone()));
        let value = seed.deserialize(value)?;
        self.key.replace(None);
        Ok(value)
    }
}
