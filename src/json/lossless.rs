//! What can be recorded as JSON without loss? A value that would come back changed, or not at all, is refused.
//!
//! `serde_json` turns NaN and infinity into `null` without a word, writes nesting that it then refuses to read, and keeps only the
//! second value of a key that is there twice. The serializer here hands everything on to `serde_json`'s own, stops the first two
//! on the way, and counts the entries, of which the third leaves too few. What it [has seen](Seen) tells whether that has to be
//! looked at at all.

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde_json::{Map, Value};

use crate::json::seen::{Keys, Seen};
use crate::json::twice::key_there_twice;

/// `serde_json` reads at most 127 levels; what is recorded may still be wrapped a few times.
pub(crate) const DEEPEST: usize = 100;

/// The value as JSON.
///
/// # Errors
///
/// Why it cannot be kept: the value's own error, a number that JSON does not have, a key that is there twice, or nesting deeper
/// than 100.
pub(crate) fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, String> {
    let seen = Seen::default();
    let json = serde_json::to_value(Level::top(value, &seen)).map_err(|error| error.to_string())?;
    check(&json, 0)?;
    if seen.is_doubtful()
        && seen.entries() > entries(&json)
        && let Some(key) = key_there_twice(&value)
    {
        return Err(format!("its key `{key}` is there twice, and only one of the two would be kept"));
    }
    Ok(json)
}

/// The same as a text, in which a key may be there twice.
///
/// # Errors
///
/// As [`to_value`].
pub(crate) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, String> {
    let text = serde_json::to_string(&Level::top(value, &Seen::default())).map_err(|error| error.to_string())?;
    // What `or_refusal` has left is found in the value only.
    if text.contains(REFUSED_IN_TEXT) { to_value(value).map(|value| value.to_string()) } else { Ok(text) }
}

/// The text of an object in which there is nothing to look at more closely; `None` for every other value, and for one that
/// [`to_value`] refuses.
pub(crate) fn to_plain_object<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    let seen = Seen::default();
    let text = serde_json::to_string(&Level::top(value, &seen)).ok()?;
    (text.starts_with('{') && !seen.is_doubtful()).then_some(text)
}

/// How many entries all objects of the value have.
fn entries(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(entries).sum(),
        Value::Object(object) => object.len() + object.values().map(entries).sum::<usize>(),
        _ => 0,
    }
}

/// Refuses, in what is JSON already, nesting deeper than 100 and what [`or_refusal`] has left.
#[inline]
pub(crate) fn check(value: &Value, depth: usize) -> Result<(), String> {
    if let Value::Array(_) | Value::Object(_) = value { check_nested(value, depth) } else { Ok(()) }
}

fn check_nested(value: &Value, depth: usize) -> Result<(), String> {
    match value {
        Value::Array(_) | Value::Object(_) if depth == DEEPEST => Err(too_deep()),
        Value::Array(items) => items.iter().try_for_each(|item| check(item, depth + 1)),
        Value::Object(entries) => match refusal(entries) {
            Some(reason) => Err(reason.clone()),
            None => entries.values().try_for_each(|entry| check(entry, depth + 1)),
        },
        _ => Ok(()),
    }
}

/// The reason that [`or_refusal`] has left in place of a value, which is alone there.
fn refusal(entries: &Map<String, Value>) -> Option<&String> {
    match (entries.len() == 1).then(|| entries.get(REFUSED))? {
        Some(Value::String(reason)) => Some(reason),
        _ => None,
    }
}

/// No key that anybody writes.
const REFUSED: &str = "\0etl-context: this value cannot be recorded, because";

/// The end of it, in which JSON escapes nothing.
const REFUSED_IN_TEXT: &str = "etl-context: this value cannot be recorded, because";

/// The value as JSON, or in its place the reason why it cannot be recorded, which [`check`] finds later: `dict!` has no way to
/// return an error.
#[doc(hidden)]
pub fn or_refusal<T: Serialize + ?Sized>(value: &T) -> Value {
    to_value(value).unwrap_or_else(|reason| {
        let mut refused = Map::new();
        refused.insert(REFUSED.to_owned(), Value::String(reason));
        Value::Object(refused)
    })
}

pub(crate) fn too_deep() -> String {
    format!("it is nested deeper than {DEEPEST} levels")
}

/// A value somewhere in the tree, with the number of containers around it, and what was seen so far.
struct Level<'a, T: ?Sized> {
    value: &'a T,
    depth: usize,
    is_key: bool,
    seen: &'a Seen,
}

impl<'a, T: ?Sized> Level<'a, T> {
    fn top(value: &'a T, seen: &'a Seen) -> Self {
        Level { value, depth: 0, is_key: false, seen }
    }
}

impl<T: Serialize + ?Sized> Serialize for Level<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Lossless { inner: serializer, depth: self.depth, is_key: self.is_key, seen: self.seen })
    }
}

/// Hands everything on to the serializer or to the compound inside.
struct Lossless<'a, I> {
    inner: I,
    depth: usize,
    is_key: bool,
    seen: &'a Seen,
}

impl<'a, I> Lossless<'a, I> {
    fn level<'v, T: ?Sized>(&self, value: &'v T) -> Level<'v, T>
    where
        'a: 'v,
    {
        Level { value, depth: self.depth, is_key: self.is_key, seen: self.seen }
    }
}

impl<'a, S: Serializer> Lossless<'a, S> {
    /// Goes one level down.
    #[inline]
    fn enter<C>(self, open: impl FnOnce(S) -> Result<C, S::Error>) -> Result<Lossless<'a, C>, S::Error> {
        if self.depth == DEEPEST {
            return Err(S::Error::custom(too_deep()));
        }
        Ok(Lossless { inner: open(self.inner)?, depth: self.depth + 1, is_key: false, seen: self.seen })
    }

    /// The same for a variant, which is an object with its name as the only key.
    fn enter_variant(self, variant: &'static str) -> Result<Self, S::Error> {
        let inside = self.enter(Ok)?;
        Keys::default().add(variant, inside.depth, inside.seen);
        Ok(inside)
    }

    /// The same for an object.
    #[inline]
    fn enter_object<C>(self, open: impl FnOnce(S) -> Result<C, S::Error>) -> Result<Entries<'a, C>, S::Error> {
        Ok(Entries { inside: self.enter(open)?, keys: Keys::default() })
    }

    /// As text this is another number than as a value, or a key that is no text.
    fn doubtful(self) -> S {
        self.seen.doubt();
        self.inner
    }

    #[inline]
    fn unless_key(self) -> S {
        if self.is_key { self.doubtful() } else { self.inner }
    }
}

/// The entries of an object, which are written one after another.
struct Entries<'a, C> {
    inside: Lossless<'a, C>,
    keys: Keys,
}

macro_rules! hand_on {
    ($($how:ident: $($method:ident($kind:ty)),*;)*) => { $(
        $( #[inline] fn $method(self, value: $kind) -> Result<S::Ok, S::Error> { self.$how().$method(value) } )*
    )* };
}

impl<'a, S: Serializer> Serializer for Lossless<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Lossless<'a, S::SerializeSeq>;
    type SerializeTuple = Lossless<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Lossless<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Lossless<'a, S::SerializeTupleVariant>;
    type SerializeMap = Entries<'a, S::SerializeMap>;
    type SerializeStruct = Entries<'a, S::SerializeStruct>;
    type SerializeStructVariant = Entries<'a, S::SerializeStructVariant>;

    hand_on! {
        unless_key: serialize_bool(bool), serialize_char(char), serialize_bytes(&[u8]), serialize_unit_struct(&'static str);
        unless_key: serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64);
        unless_key: serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64);
        doubtful: serialize_i128(i128), serialize_u128(u128);
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<S::Ok, S::Error> {
        if self.is_key {
            self.seen.key(value);
        }
        self.inner.serialize_str(value)
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        if value.is_finite() { self.doubtful().serialize_f32(value) } else { Err(not_finite(value)) }
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if value.is_finite() { self.unless_key().serialize_f64(value) } else { Err(not_finite(value)) }
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.unless_key().serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.level(value);
        self.inner.serialize_some(&value)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.unless_key().serialize_unit()
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.unless_key().serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.level(value);
        self.seen.name(name);
        self.inner.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let inside = self.enter_variant(variant)?;
        let value = inside.level(value);
        inside.inner.serialize_newtype_variant(name, index, variant, &value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.enter(|inner| inner.serialize_seq(length))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.enter(|inner| inner.serialize_tuple(length))
    }

    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.enter(|inner| inner.serialize_tuple_struct(name, length))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.enter_variant(variant)?.enter(|inner| inner.serialize_tuple_variant(name, index, variant, length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.enter_object(|inner| inner.serialize_map(length))
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, S::Error> {
        self.seen.name(name);
        self.enter_object(|inner| inner.serialize_struct(name, length))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.enter_variant(variant)?.enter_object(|inner| inner.serialize_struct_variant(name, index, variant, length))
    }
}

fn not_finite<E: Error>(value: impl std::fmt::Display) -> E {
    E::custom(format!("a number is {value}, which JSON does not have"))
}

macro_rules! hand_on_items {
    ($($compound:ident::$method:ident;)*) => { $(
        impl<I: $compound> $compound for Lossless<'_, I> {
            type Ok = I::Ok;
            type Error = I::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), I::Error> {
                let value = self.level(value);
                self.inner.$method(&value)
            }

            fn end(self) -> Result<I::Ok, I::Error> {
                self.inner.end()
            }
        }
    )* };
}

macro_rules! hand_on_fields {
    ($($compound:ident)*) => { $(
        impl<I: $compound> $compound for Entries<'_, I> {
            type Ok = I::Ok;
            type Error = I::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), I::Error> {
                self.keys.add(key, self.inside.depth, self.inside.seen);
                let value = self.inside.level(value);
                self.inside.inner.serialize_field(key, &value)
            }

            fn end(self) -> Result<I::Ok, I::Error> {
                self.inside.inner.end()
            }
        }
    )* };
}

hand_on_items! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

hand_on_fields! { SerializeStruct SerializeStructVariant }

impl<I: SerializeMap> SerializeMap for Entries<'_, I> {
    type Ok = I::Ok;
    type Error = I::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), I::Error> {
        let Lossless { inner, depth, seen, .. } = &mut self.inside;
        inner.serialize_key(&Level { value: key, depth: *depth, is_key: true, seen })?;
        self.keys.add_seen(*depth, seen);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), I::Error> {
        let value = self.inside.level(value);
        self.inside.inner.serialize_value(&value)
    }

    fn end(self) -> Result<I::Ok, I::Error> {
        self.inside.inner.end()
    }
}
