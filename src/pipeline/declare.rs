//! How is a pipeline written down? The macro, and the pipeline that every ETL run knows.

use crate::pipeline::phase::{Extract, Load, Transform};

/// Declares a pipeline: its phases, and after what each may start.
///
/// ```
/// use etl_context::{Extract, Load, pipeline};
///
/// pipeline! {
///     /// Nightly chat import.
///     pub Nightly {
///         Extract after Idle;
///         /// Looks for messages without a sender.
///         Validate = "validate" after Extract;
///         Load after Validate | Extract;
///         Cleanup = "cleanup" after Load | Failed<Load>;
///     }
/// }
///
/// let extracted = Nightly::context("nightly").start(Extract)?.complete(())?;
/// let loaded = extracted.start(Load)?.complete(())?; // `Validate` may be left out
/// let cleaned = loaded.start(Cleanup)?.complete(())?;
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// - `Name = "name"` declares the phase's marker type and the name under which it is recorded; without a name, the phase is
///   one that exists already, such as [`Extract`].
/// - `Name = "name" counts Rows` declares what the phase counts, with [`counters!`](crate::counters); `counts ()` is nothing.
/// - `after` names alternatives: `Idle`, a phase that completed, or `Failed<…>` of a phase. `Idle` and `Failed` need no import.
/// - `after (Users, Orders)` needs all of them: two to eight phases, whose branches are joined. See
///   [side by side](crate::guide::side_by_side).
///
/// - `finally Notify = "notify";` declares a phase that may start from any context at rest, whatever ended last and however: also when
///   the run was stopped, attempts are used up, or a start was refused. It does not decide how the run is, and runs again in each
///   process.
///
/// A phase that failed can always be retried; that is no edge.
///
/// The pipeline's type has `context(name)`, which makes a [`Context<Idle, …>`](crate::Context), and `mermaid()`, which draws
/// it; its documentation has a table of its edges. The compiler refuses a name that is no phase name, two phases with one name,
/// a phase that can never start, and one that is to start after a phase of another pipeline.
/// [The guide](crate::guide::pipelines) builds a pipeline step by step.
#[macro_export]
macro_rules! pipeline {
    // A pipeline that is left out is left out with all that belongs to it.
    (
        $( #[ $(doc = $doc:tt)? $(allow $allow:tt)? $(expect $expect:tt)? $(derive $derive:tt)? ] )*
        #[cfg $cfg:tt]
        $($rest:tt)*
    ) => {
        #[cfg $cfg]
        $crate::pipeline! {
            $( $(#[doc = $doc])? $(#[allow $allow])? $(#[expect $expect])? $(#[derive $derive])? )*
            $($rest)*
        }
    };
    // Attributes of a phase are told apart: `cfg` is for everything that the phase brings, a comment or a lint also stands where
    // there is no marker type, and the others belong to the marker.
    (
        $(#[$meta:meta])*
        $visibility:vis $pipeline:ident {
            $(
                $( #[
                    $(cfg($($cfg:tt)*))?
                    $(doc $(= $doc:tt $(! $doc_of:tt)?)? $(($($doc_word:tt)*))?)?
                    $(allow $allow:tt)? $(expect $expect:tt)? $(warn $warn:tt)? $(deny $deny:tt)?
                    $(cfg_attr $cfg_attr:tt)? $(derive $derive:tt)?
                    $(deprecated $(= $deprecated:tt)? $(($($deprecation:tt)*))?)?
                    $(finally($finally:ident))?
                ] )*
                $phase:ident $(:: $inside:ident)*
                $(= $name:literal)?
                $(counts $counters:tt $(:: $counters_inside:ident)*)?
                after $($last:ty)|+ ;
            )+
        }
    ) => {
        $crate::__pipeline! {
            { $(#[$meta])* } { $visibility $pipeline }
            $( {
                all($( $($($cfg)* ,)? )*)
                {
                    $(
                        $(#[doc $(= $doc $(! $doc_of)?)? $(($($doc_word)*))?])?
                        $(#[allow $allow])? $(#[expect $expect])? $(#[warn $warn])? $(#[deny $deny])?
                    )*
                }
                {
                    $(
                        $(#[cfg_attr $cfg_attr])? $(#[derive $derive])?
                        $(#[deprecated $(= $deprecated)? $(($($deprecation)*))?])?
                    )*
                }
                [$phase $(:: $inside)*]
                { $phase $(:: $inside)* $(= $name)? $(counts $counters $(:: $counters_inside)*)? }
                [$($last),+]
                { $($( $finally )?)* }
            } )+
        }
    };
    ($(#[$meta:meta])* $visibility:vis $pipeline:ident { $($phases:tt)+ }) => {
        $crate::__finally! { [$(#[$meta])* $visibility $pipeline] [none] {} $($phases)+ }
    };
    ($($mistaken:tt)*) => { $crate::__not_a_pipeline! { $($mistaken)* } };
}

/// Turns each `finally Notify;` into a phase with an attribute that says so, since a list of phases can begin with any word.
#[doc(hidden)]
#[macro_export]
macro_rules! __finally {
    ($around:tt $found:tt { $($before:tt)* }
        $(#[$($attribute:tt)*])*
        finally $phase:ident $(:: $inside:ident)* $(= $name:literal)? $(counts $counters:tt $(:: $counters_inside:ident)*)? ;
        $($rest:tt)*
    ) => {
        $crate::__finally! { $around [found] {
            $($before)*
            $(#[$($attribute)*])*
            #[finally(finally)]
            $phase $(:: $inside)* $(= $name)? $(counts $counters $(:: $counters_inside)*)? after Idle;
        } $($rest)* }
    };
    ($around:tt $found:tt { $($before:tt)* }
        $(#[$($attribute:tt)*])*
        $phase:ident $(:: $inside:ident)* $(= $name:literal)? $(counts $counters:tt $(:: $counters_inside:ident)*)?
        after $($last:ty)|+ ;
        $($rest:tt)*
    ) => {
        $crate::__finally! { $around $found {
            $($before)*
            $(#[$($attribute)*])*
            $phase $(:: $inside)* $(= $name)? $(counts $counters $(:: $counters_inside)*)? after $($last)|+ ;
        } $($rest)* }
    };
    ([$($around:tt)*] [found] { $($phases:tt)* }) => { $crate::pipeline! { $($around)* { $($phases)* } } };
    ([$($around:tt)*] $found:tt { $($phases:tt)* } $($mistaken:tt)*) => {
        $crate::__not_a_pipeline! { $($around)* { $($phases)* $($mistaken)* } }
    };
}

/// A pipeline whose phases are written in one way: when it is there, its attributes, its type, its declaration, what it follows.
#[doc(hidden)]
#[macro_export]
macro_rules! __pipeline {
    (
        { $($attributes:tt)* } { $visibility:vis $pipeline:ident }
        $( { all $when:tt $shared:tt $of_marker:tt [$phase:path] $declaration:tt [$($last:ty),+] $finally:tt } )+
    ) => {
        #[allow(unused_imports)]
        use $crate::__pipeline_words::*;

        $($attributes)*
        ///
        /// | phase | starts after |
        /// |---|---|
        $(
            #[cfg_attr(
                all $when,
                doc = ::std::concat!("| `", ::std::stringify!($phase), "` | ", $crate::__followed!($finally $($last),+), "|")
            )]
        )+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $visibility struct $pipeline;

        $(
            #[cfg(all $when)]
            $crate::__phase! { { $visibility $pipeline } $shared $of_marker $declaration { $finally [$($last),+] } }
        )+

        #[allow(deprecated)]
        impl $crate::Pipeline for $pipeline {
            const NAME: &'static str = $crate::__plain_name(::std::stringify!($pipeline));
            const PHASES: &'static [$crate::PhaseDeclaration] = &[
                $( #[cfg(all $when)] $crate::PhaseDeclaration::of::<$phase>() ),+
            ];
            const EDGES: &'static [$crate::Edge] = &[
                $($( #[cfg(all $when)] $crate::__edge!($finally $phase, $last) ),+),+
            ];
        }

        const _: () = $crate::__check_pipeline::<$pipeline>();

        impl $pipeline {
            /// A context for a run of this pipeline; no phase has been started. The run is kept in memory; one that is
            /// recorded or watched begins with `Run::builder`.
            #[allow(dead_code)]
            $visibility fn context(name: impl ::std::convert::Into<::std::string::String>) -> $crate::Context<$crate::Idle, $pipeline> {
                $crate::Context::for_pipeline(name)
            }

            /// The pipeline as a Mermaid flowchart.
            #[must_use]
            #[allow(dead_code)]
            $visibility fn mermaid() -> ::std::string::String {
                $crate::__mermaid::<$pipeline>()
            }
        }
    };
}

/// Declares what a phase follows, and its marker unless that exists.
#[doc(hidden)]
#[macro_export]
macro_rules! __phase {
    ($pipeline:tt $shared:tt {} { $phase:path } $last:tt) => {
        $crate::__phase! { @follows $pipeline $shared [$phase] $last }
    };
    ($pipeline:tt $shared:tt $of_marker:tt { $phase:ident = $name:literal } $last:tt) => {
        $crate::__phase! { $pipeline $shared $of_marker { $phase = $name counts $crate::Counts } $last }
    };
    (
        { $visibility:vis $pipeline:ident } { $($shared:tt)* } { $($of_marker:tt)* }
        { $phase:ident = $name:literal counts $counters:ty } $last:tt
    ) => {
        $($shared)*
        $($of_marker)*
        #[doc = ::std::concat!("\n\nThe phase `", $name, "`.")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $visibility struct $phase;

        #[allow(deprecated)]
        #[diagnostic::do_not_recommend]
        impl $crate::Phase for $phase {
            type Counters = $counters;
            const NAME: $crate::PhaseName = $crate::PhaseName::new($name);
        }

        $crate::__phase! { @follows { $visibility $pipeline } {} [$phase] $last }
    };
    (@follows { $visibility:vis $pipeline:ident } { $($shared:tt)* } [$phase:path] { { finally } $last:tt }) => {
        $($shared)*
        #[allow(deprecated)]
        #[diagnostic::do_not_recommend]
        impl<Last> $crate::Follows<Last, $pipeline> for $phase {}
    };
    (@follows { $visibility:vis $pipeline:ident } $shared:tt [$phase:path] { {} [$($last:ty),+] }) => {
        $( $crate::__phase! { @edge $shared $phase, $last, $pipeline } )+
    };
    (@edge { $($shared:tt)* } $phase:path, $last:ty, $pipeline:ident) => {
        $($shared)*
        #[allow(deprecated)]
        #[diagnostic::do_not_recommend]
        impl $crate::Follows<$last, $pipeline> for $phase {}
    };
    ($pipeline:tt $shared:tt $of_marker:tt $declaration:tt $last:tt) => {
        $crate::__not_a_phase! { $of_marker $declaration }
    };
}

/// An edge to a phase, from what it follows or from anywhere.
#[doc(hidden)]
#[macro_export]
macro_rules! __edge {
    ({} $phase:path, $last:ty) => {
        $crate::Edge::of::<$phase, $last>()
    };
    ({ finally } $phase:path, $last:ty) => {
        $crate::Edge::of::<$phase, $crate::__Anywhere>()
    };
}

/// What a phase follows, for the table of the pipeline.
#[doc(hidden)]
#[macro_export]
macro_rules! __followed {
    ({} $($last:ty),+) => { ::std::concat!($( "`", ::std::stringify!($last), "` " ),+) };
    ({ finally } $last:ty) => { "finally, wherever the run stands " };
}

pipeline! {
    /// The default pipeline: extract, then transform, then load.
    pub Etl {
        Extract after Idle;
        Transform after Extract;
        Load after Transform;
    }
}
