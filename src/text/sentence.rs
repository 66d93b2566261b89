//! In which words is a mistake told? In the documentation's. Constants use them from here; `#[diagnostic::on_unimplemented]` takes
//! literals only, so a test holds what the compiler prints against these.

pub(crate) const INVALID_PHASE_NAME: &str = "Phase name is invalid";
pub(crate) const NAME_RULE: &str = "a name is a lower-case letter, then up to 63 of a-z, 0-9, `_` and `-`";
pub(crate) const INVALID_STATUS: &str = "Status is invalid";
pub(crate) const STATUS_RULE: &str = "is none of `pending`, `running`, `completed`, `failed`";

/// What a macro says of what is written wrongly: one sentence, of texts and, in brackets, of what the author wrote.
#[doc(hidden)]
#[macro_export]
macro_rules! __mistake {
    ($($part:tt)+) => { ::std::compile_error! { ::std::concat!($( $crate::__part_of_mistake!($part) ),+) } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __part_of_mistake {
    ($text:literal) => { $text };
    ([$($written:tt)+]) => { ::std::stringify!($($written)+) };
}
