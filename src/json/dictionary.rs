//! What may a phase return? A dictionary, or nothing.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::Value;

use crate::json::lossless::{check, to_plain_object, to_value};
use crate::json::readable::is_readable;

/// A JSON object: what [`dict!`](crate::dict) builds.
pub type Dictionary = serde_json::Map<String, Value>;

/// A result as it is recorded; `None` is no result.
pub(crate) type Checked = Result<Option<KeptResult>, ResultFault>;

/// A dictionary: a map with string keys, `()` for no result, or a struct of your own by one line.
///
/// ```
/// use etl_context::{Context, Extract, PhaseResult};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Source {
///     file: String,
///     size_bytes: u64,
/// }
///
/// impl PhaseResult for Source {}
///
/// let extract = Context::new("import").start(Extract)?;
/// let extracted = extract.complete(Source { file: "export.tar".to_owned(), size_bytes: 1_024 })?;
/// assert_eq!(extracted.report().result().unwrap()["file"], "export.tar");
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// A phase that runs as a closure also reads its result back, so there it is `Deserialize` as well.
///
/// The trait promises that the value serialises to a JSON object (or to `null`, for no result). A value that breaks the
/// promise is refused when the phase ends, and the phase stays open.
#[diagnostic::on_unimplemented(
    message = "Result must be a dictionary: `{Self}` is not one",
    label = "not a dictionary",
    note = "pass a map with string keys such as `dict! {{ \"rows\": 10 }}`, which is a `Dictionary`, or `()` for no result",
    note = "or a struct of your own, with `#[derive(serde::Serialize, serde::Deserialize)]` and `impl etl_context::PhaseResult for … {{}}`"
)]
pub trait PhaseResult: Serialize {
    /// Whether every dictionary can be read back as this. Not part of the public contract.
    #[doc(hidden)]
    const IS_ANY_DICTIONARY: bool = false;

    /// The result as it is recorded. Not part of the public contract.
    #[doc(hidden)]
    fn into_kept(self) -> Checked
    where
        Self: Sized,
    {
        kept(&self)
    }
}

/// Why a result cannot be recorded.
#[doc(hidden)]
#[derive(Debug)]
#[non_exhaustive]
pub enum ResultFault {
    NotSerializable(String),
    NotObject(&'static str),
}

/// Any serialisable value as a result: an object is one, `null` is none.
pub(crate) fn kept<R: Serialize + ?Sized>(result: &R) -> Checked {
    match to_plain_object(result) {
        Some(json) => Ok(Some(KeptResult::text(json))),
        None => dictionary(result).map(|dictionary| dictionary.map(KeptResult::Given)),
    }
}

/// The same, looked at closely.
pub(crate) fn dictionary<R: Serialize + ?Sized>(result: &R) -> Result<Option<Dictionary>, ResultFault> {
    match to_value(result).map_err(ResultFault::NotSerializable)? {
        Value::Object(entries) => Ok(Some(entries)),
        Value::Null => Ok(None),
        Value::Bool(_) => Err(ResultFault::NotObject("a boolean")),
        Value::Number(_) => Err(ResultFault::NotObject("a number")),
        Value::String(_) => Err(ResultFault::NotObject("a text")),
        Value::Array(_) => Err(ResultFault::NotObject("a list")),
    }
}

/// A result that is kept: as a dictionary that was given, or as the text of one. That is made a dictionary when somebody asks for it
/// first: most results are never asked for, and a text takes a tenth of the memory and of the time.
#[doc(hidden)]
#[derive(Clone)]
pub enum KeptResult {
    Given(Dictionary),
    Text(String, OnceLock<Dictionary>),
}

impl KeptResult {
    /// Keeps the text of an object for later; `None` unless it can be read.
    pub(crate) fn read(json: &str) -> Option<Self> {
        (json.starts_with('{') && is_readable(json)).then(|| KeptResult::text(json.into()))
    }

    /// Whoever calls this knows that it is an object, and can be read.
    fn text(json: String) -> Self {
        KeptResult::Text(json, OnceLock::new())
    }

    pub(crate) fn dictionary(&self) -> &Dictionary {
        match self {
            KeptResult::Given(dictionary) => dictionary,
            KeptResult::Text(json, dictionary) => dictionary.get_or_init(|| serde_json::from_str(json).unwrap_or_default()),
        }
    }

    /// What it may say of its phase. A text that was just written says nothing, or it would have been looked at.
    pub(crate) fn words(&self) -> Option<&Dictionary> {
        match self {
            KeptResult::Given(dictionary) => Some(dictionary),
            KeptResult::Text(..) => None,
        }
    }

    /// As it is, or as a text of it.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        match self {
            KeptResult::Given(dictionary) => serde_json::to_writer(bytes, dictionary)?,
            KeptResult::Text(json, _) => bytes.extend_from_slice(json.as_bytes()),
        }
        Ok(())
    }
}

impl fmt::Debug for KeptResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dictionary().fmt(f)
    }
}

impl PartialEq for KeptResult {
    fn eq(&self, other: &Self) -> bool {
        self.dictionary() == other.dictionary()
    }
}

impl PhaseResult for () {}

// The compiler would call it by a path that does not exist; the note calls it by its name.
#[diagnostic::do_not_recommend]
impl PhaseResult for Dictionary {
    const IS_ANY_DICTIONARY: bool = true;

    /// This is JSON already, so it is moved and not copied.
    fn into_kept(self) -> Checked {
        self.values().try_for_each(|value| check(value, 1)).map_err(ResultFault::NotSerializable)?;
        Ok(Some(KeptResult::Given(self)))
    }
}

impl<V: Serialize> PhaseResult for BTreeMap<String, V> {}
impl<V: Serialize> PhaseResult for BTreeMap<&str, V> {}
impl<V: Serialize, S> PhaseResult for HashMap<String, V, S> {}
impl<V: Serialize, S> PhaseResult for HashMap<&str, V, S> {}
#[diagnostic::do_not_recommend]
impl<R: PhaseResult + ?Sized> PhaseResult for &R {}

/// Builds a dictionary, a `serde_json::Map`, in the notation of `serde_json::json!`.
///
/// ```
/// use etl_context::dict;
///
/// let result = dict! {
///     "source": "export.tar",
///     "skipped": ["a", "b"],
///     "nested": { "depth": 1 + 1 },
///     "checked": null,
/// };
/// assert_eq!(result["nested"]["depth"], 2);
/// assert!(dict! {}.is_empty());
/// ```
///
/// A value that JSON cannot hold, such as NaN, is refused when the dictionary is used as a result.
#[macro_export]
macro_rules! dict {
    ($($entries:tt)*) => {{
        #[allow(unused_mut)]
        let mut dictionary = $crate::Dictionary::new();
        $crate::__dict_entries!(dictionary; [] $($entries)*);
        dictionary
    }};
}

/// Inserts the entries one by one. The tokens of a key are gathered up to its colon; then, what could also be an expression has
/// to come first, because that is where matching ends.
#[doc(hidden)]
#[macro_export]
macro_rules! __dict_entries {
    ($dictionary:ident; []) => {};
    ($dictionary:ident; [$($key:tt)+] : null $(, $($rest:tt)*)?) => {
        $crate::__dict_entries!($dictionary; $($key)+ => $crate::__serde_json::Value::Null; $($($rest)*)?);
    };
    ($dictionary:ident; [$($key:tt)+] : { $($entries:tt)* } $(, $($rest:tt)*)?) => {
        $crate::__dict_entries!(
            $dictionary; $($key)+ => $crate::__serde_json::Value::Object($crate::dict!($($entries)*)); $($($rest)*)?
        );
    };
    ($dictionary:ident; [$($key:tt)+] : [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::__dict_entries!(
            $dictionary; $($key)+ => $crate::__serde_json::Value::Array($crate::__dict_items!([] $($items)*)); $($($rest)*)?
        );
    };
    ($dictionary:ident; [$($key:tt)+] : $value:expr $(, $($rest:tt)*)?) => {
        $crate::__dict_entries!($dictionary; $($key)+ => $crate::__or_refusal(&$value); $($($rest)*)?);
    };
    ($dictionary:ident; [$($key:tt)*] $next:tt $($rest:tt)*) => {
        $crate::__dict_entries!($dictionary; [$($key)* $next] $($rest)*);
    };
    ($dictionary:ident; $key:expr => $value:expr; $($rest:tt)*) => {
        let value = $value;
        $dictionary.insert(::std::convert::Into::into($key), value);
        $crate::__dict_entries!($dictionary; [] $($rest)*);
    };
}

/// The items of a list, in the same notation; those before the first `]` are done.
#[doc(hidden)]
#[macro_export]
macro_rules! __dict_items {
    ([ $($done:expr,)* ]) => { ::std::vec![$($done),*] };
    ([ $($done:expr,)* ] null $(, $($rest:tt)*)?) => {
        $crate::__dict_items!([ $($done,)* $crate::__serde_json::Value::Null, ] $($($rest)*)?)
    };
    ([ $($done:expr,)* ] { $($entries:tt)* } $(, $($rest:tt)*)?) => {
        $crate::__dict_items!([ $($done,)* $crate::__serde_json::Value::Object($crate::dict!($($entries)*)), ] $($($rest)*)?)
    };
    ([ $($done:expr,)* ] [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::__dict_items!(
            [ $($done,)* $crate::__serde_json::Value::Array($crate::__dict_items!([] $($items)*)), ] $($($rest)*)?
        )
    };
    ([ $($done:expr,)* ] $item:expr $(, $($rest:tt)*)?) => {
        $crate::__dict_items!([ $($done,)* $crate::__or_refusal(&$item), ] $($($rest)*)?)
    };
}
