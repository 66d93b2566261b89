//! How are counters written down? The macro, and in which words it refuses what is written wrongly.

/// Declares what a phase counts.
///
/// ```
/// use etl_context::{Extract, counters, pipeline};
///
/// counters! {
///     /// What a table load counts.
///     pub struct Rows {
///         /// Rows written.
///         pub rows: u64,
///         /// Their size.
///         pub bytes: u64,
///     }
/// }
///
/// pipeline! {
///     pub Tables {
///         Extract after Idle;
///         LoadTables = "load-tables" counts Rows after Extract;
///     }
/// }
///
/// let extract = Tables::context("tables").start(Extract)?;
/// let mut load = extract.complete(())?.start(LoadTables)?;
/// load.update_progress(Rows { rows: 10, bytes: 4_096 });
/// let loaded = load.complete(())?;
/// assert_eq!(loaded.counts(), Rows { rows: 10, bytes: 4_096 });
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// They are reported under their own names: `rows_processed`, `total_rows`, `rows_per_second`. Counting `Rows` in a phase
/// that counts something else does not compile. `#[cfg]` works on the struct and on each counter. A phase that counts nothing needs
/// no counters: it is declared with `counts ()`.
#[macro_export]
macro_rules! counters {
    // Counters that are left out are left out with all that belongs to them.
    (
        $( #[ $(doc = $doc:tt)? $(allow $allow:tt)? $(expect $expect:tt)? $(derive $derive:tt)? ] )*
        #[cfg $cfg:tt]
        $($rest:tt)*
    ) => {
        #[cfg $cfg]
        $crate::counters! {
            $( $(#[doc = $doc])? $(#[allow $allow])? $(#[expect $expect])? $(#[derive $derive])? )*
            $($rest)*
        }
    };
    // Of a counter's attributes, `cfg` is for every place in which the counter stands.
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident {
            $(
                $( #[
                    $(cfg $cfg:tt)?
                    $(doc $(= $doc:tt $(! $doc_of:tt)?)? $(($($doc_word:tt)*))?)?
                    $(allow $allow:tt)? $(expect $expect:tt)? $(warn $warn:tt)? $(deny $deny:tt)?
                    $(cfg_attr $cfg_attr:tt)? $(serde $serde:tt)?
                    $(deprecated $(= $deprecated:tt)? $(($($deprecation:tt)*))?)?
                ] )*
                $field_visibility:vis $field:ident : u64
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[allow(clippy::struct_field_names)]
        $visibility struct $name {
            $(
                $(
                    $(#[cfg $cfg])?
                    $(#[doc $(= $doc $(! $doc_of)?)? $(($($doc_word)*))?])?
                    $(#[allow $allow])? $(#[expect $expect])? $(#[warn $warn])? $(#[deny $deny])?
                    $(#[cfg_attr $cfg_attr])? $(#[serde $serde])?
                    $(#[deprecated $(= $deprecated)? $(($($deprecation)*))?])?
                )*
                $field_visibility $field: u64,
            )+
        }

        #[allow(deprecated)]
        #[diagnostic::do_not_recommend]
        impl $crate::Counters for $name {
            const NAMES: &'static [&'static str] = &[
                $( $($(#[cfg $cfg])?)* $crate::__plain_name(::std::stringify!($field)) ),+
            ];

            #[inline]
            fn to_values(self) -> $crate::CounterValues {
                let given: &[::std::primitive::u64] = &[$( $($(#[cfg $cfg])?)* self.$field ),+];
                let mut values = [0; $crate::MAX_COUNTERS];
                values[..given.len()].copy_from_slice(given);
                values
            }

            #[inline]
            fn from_values(values: $crate::CounterValues) -> Self {
                let mut values = values.into_iter();
                $name { $( $($(#[cfg $cfg])?)* $field: values.next().unwrap_or_default() ),+ }
            }
        }

        const _: () = ::std::assert!(
            <$name as $crate::Counters>::NAMES.len() <= $crate::MAX_COUNTERS,
            "a phase can have at most 8 counters; put further numbers into its result"
        );
    };
    ($($mistaken:tt)*) => { $crate::__not_counters! { $($mistaken)* } };
}

/// Looks for what is wrong: first in what stands around the counters, then in one counter after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_counters {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($counters:tt)+ }) => {
        $crate::__not_a_counter! { $name { $($counters)+ } }
    };
    ($(#[$meta:meta])* $visibility:vis struct $name:ident $({})? $(;)?) => {
        $crate::__mistake! { "`" [$name] "` counts nothing; a phase that counts nothing is declared with `counts ()`" }
    };
    ($(#[$meta:meta])* $visibility:vis struct $name:ident ($($counters:tt)*) $(;)?) => {
        $crate::__mistake! {
            "each counter has a name, under which it is reported; write `struct " [$name] " { rows: u64 }`"
        }
    };
    ($(#[$meta:meta])* $visibility:vis struct $name:ident $counters:tt $($rest:tt)+) => {
        $crate::__mistake! { "one `counters!` declares one struct; `" [$name] "` is not the end of this one" }
    };
    ($(#[$meta:meta])* $visibility:vis $name:ident { $($counters:tt)* }) => {
        $crate::__mistake! { "counters are a struct; write `struct " [$name] " { … }`" }
    };
    ($($mistaken:tt)*) => {
        $crate::__mistake! { "counters are declared as a struct, as in `counters! { pub struct Rows { pub rows: u64 } }`" }
    };
}

/// Goes over the counters that are written well, up to the one that is not.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_a_counter {
    ($name:ident { $(#[$meta:meta])* $visibility:vis $field:ident : u64 $(, $($rest:tt)*)? }) => {
        $crate::__not_a_counter! { $name { $($($rest)*)? } }
    };
    // All of them are written well, so it was an attribute.
    ($name:ident {}) => {
        $crate::__mistake! {
            "a counter of `" [$name] "` has an attribute that `counters!` cannot pass on; it takes comments, `cfg`, `cfg_attr`, \
             `allow`, `expect`, `warn`, `deny`, `deprecated` and `serde`; for another one write the struct yourself, with \
             `impl Counters`"
        }
    };
    ($name:ident { $(#[$meta:meta])* $visibility:vis $field:ident : u64 $($rest:tt)* }) => {
        $crate::__mistake! { "a `,` is missing behind counter `" [$field] "` of `" [$name] "`" }
    };
    ($name:ident { $(#[$meta:meta])* $visibility:vis $field:ident : $other:ty $(, $($rest:tt)*)? }) => {
        $crate::__mistake! {
            "counter `" [$field] "` of `" [$name] "` is a `" [$other] "`; every counter is a `u64`, and other numbers go into the result"
        }
    };
    ($name:ident { $(#[$meta:meta])* $visibility:vis $field:ident , $($rest:tt)* }) => {
        $crate::__mistake! { "counter `" [$field] "` of `" [$name] "` has no type; write `" [$field] ": u64`" }
    };
    ($name:ident { $(#[$meta:meta])* $visibility:vis $field:ident }) => {
        $crate::__mistake! { "counter `" [$field] "` of `" [$name] "` has no type; write `" [$field] ": u64`" }
    };
    ($name:ident { $($mistaken:tt)* }) => {
        $crate::__mistake! { "each counter of `" [$name] "` is written as `rows: u64`, with a `,` between two of them" }
    };
}
