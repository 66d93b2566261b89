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
/// - `Name = "name" counts Rows` declares what the phase counts, with [`counters!`](crate::counters).
/// - `after` names alternatives: `Idle`, a phase that completed, or `Failed<…>` of a phase. `Idle` and `Failed` need no import.
///
/// A phase that failed can always be retried; that is no edge.
///
/// The pipeline's type has `context(name)`, which makes a [`Context<Idle, …>`](crate::Context), and `mermaid()`, which draws
/// it; its documentation has a table of its edges. The compiler refuses a name that is no phase name, two phases with one name,
/// a phase that can never start, and one that is to start after a phase of another pipeline.
/// [The guide](crate::guide::pipelines) builds a pipeline step by step.
#[macro_export]
macro_rules! pipeline {
    (
        $(#[$meta:meta])*
        $visibility:vis $pipeline:ident {
            $(
                $(#[$phase_meta:meta])*
                $phase:ident $(= $name:literal)? $(counts $counters:ident)? after $($last:ty)|+ ;
            )+
        }
    ) => {
        #[allow(unused_imports)]
        use $crate::__pipeline_words::*;

        $(#[$meta])*
        ///
        /// | phase | starts after |
        /// |---|---|
        $(
            #[doc = ::std::concat!("| `", ::std::stringify!($phase), "` | ", $( "`", ::std::stringify!($last), "` ", )+ "|")]
        )+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $visibility struct $pipeline;

        $(
            $crate::__phase! { $visibility $phase { $(#[$phase_meta])* } $($name)? ; $($counters)? }
            $(
                #[diagnostic::do_not_recommend]
                impl $crate::Follows<$last, $pipeline> for $phase {}
            )+
        )+

        impl $crate::Pipeline for $pipeline {
            const NAME: &'static str = ::std::stringify!($pipeline);
            const PHASES: &'static [$crate::PhaseDeclaration] = &[$($crate::PhaseDeclaration::of::<$phase>()),+];
            const EDGES: &'static [$crate::Edge] = &[$($($crate::Edge::of::<$phase, $last>()),+),+];
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

/// Declares the marker of a phase that a pipeline names; does nothing for one that exists.
#[doc(hidden)]
#[macro_export]
macro_rules! __phase {
    ($visibility:vis $phase:ident { $(#[$meta:meta])* } ; ) => {};
    ($visibility:vis $phase:ident { $(#[$meta:meta])* } $name:literal ; ) => {
        $crate::__phase! { @declare $visibility $phase { $(#[$meta])* } $name ; $crate::Counts }
    };
    ($visibility:vis $phase:ident { $(#[$meta:meta])* } $name:literal ; $counters:ident) => {
        $crate::__phase! { @declare $visibility $phase { $(#[$meta])* } $name ; $counters }
    };
    (@declare $visibility:vis $phase:ident { $(#[$meta:meta])* } $name:literal ; $counters:path) => {
        $(#[$meta])*
        #[doc = ::std::concat!("\n\nThe phase `", $name, "`.")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $visibility struct $phase;

        #[diagnostic::do_not_recommend]
        impl $crate::Phase for $phase {
            type Counters = $counters;
            const NAME: $crate::PhaseName = $crate::PhaseName::new($name);
        }
    };
}

pipeline! {
    /// The default pipeline: extract, then transform, then load.
    pub Etl {
        Extract after Idle;
        Transform after Extract;
        Load after Transform;
    }
}
