//! What is there to read? The guide: pages that are compiled with the crate so that their examples keep working.
//!
//! Begin with the [`tutorial`], then read [`faces`], [`pipelines`], [`side_by_side`], [`progress`], [`durable`], [`every_night`] and
//! [`machines`] as you need them. With the features that they tell of, there are also a page that builds a nightly import step by step, and
//! one on watching a run. [`guarantees`] says what is promised when; [`errors`] and [`journal_format`] are for looking things up, and
//! [`migrating`] is for those who come from the Python API.

/// Declares a page. Its links are written for a reader of the repository; the first definition of a link wins, so here they
/// lead to the pages of this module.
macro_rules! pages {
    ($( $(#[$summary:meta])* $page:ident = $file:literal; )+) => { $(
        $(#[$summary])*
        ///
        /// [tutorial]: crate::guide::tutorial
        /// [faces]: crate::guide::faces
        /// [pipelines]: crate::guide::pipelines
        /// [side_by_side]: crate::guide::side_by_side
        /// [progress]: crate::guide::progress
        /// [durable]: crate::guide::durable
        /// [machines]: crate::guide::machines
        /// [every_night]: crate::guide::every_night
        #[cfg_attr(all(feature = "progress", feature = "tracing"), doc = "[nightly]: crate::guide::nightly")]
        #[cfg_attr(
            all(feature = "open-lineage", feature = "progress", feature = "tracing"),
            doc = "[watching]: crate::guide::watching"
        )]
        /// [guarantees]: crate::guide::guarantees
        /// [journal_format]: crate::guide::journal_format
        /// [errors]: crate::guide::errors
        #[cfg_attr(feature = "postgres", doc = "[postgres]: crate::guide::postgres")]
        #[cfg_attr(feature = "sqlite", doc = "[sqlite]: crate::guide::sqlite")]
        /// [migrating]: crate::guide::migrating
        ///
        #[doc = include_str!($file)]
        pub mod $page {}
    )+ };
}

pages! {
    /// An import from its first line to its summary, with phases as closures.
    tutorial = "../docs/tutorial.md";

    /// The typed and the dynamic face: which one when, and how to change between them.
    faces = "../docs/faces.md";

    /// Phases, order and counters of your own, and ways out of failure.
    pipelines = "../docs/pipelines.md";

    /// Phases at the same time: fork and join, closures and branches, on threads and in async code.
    side_by_side = "../docs/side-by-side.md";

    /// Counting: totals, threads, workers, and reading from outside.
    progress = "../docs/progress.md";

    /// Runs that survive their process: journals, resuming, stopping, limits.
    durable = "../docs/durable.md";

    /// Runs that know each other: jobs and keys, watermarks, days that are missing, lists.
    every_night = "../docs/every-night.md";

    /// A job that runs alone at night: rows and bytes, rejected rows, retries, and somebody who is told.
    #[cfg(all(feature = "progress", feature = "tracing"))]
    nightly = "../docs/nightly.md";

    /// More than one machine: threads, parts over hosts, or an engine, and what each costs.
    machines = "../docs/machines.md";

    /// What a `FileJournal` writes, byte for byte.
    journal_format = "../docs/journal-format.md";
    /// The journal in PostgreSQL: one owner among many hosts, loading exactly once, parts over hosts.
    #[cfg(feature = "postgres")]
    postgres = "../docs/postgres.md";

    /// Many runs in one file: the journal in SQLite.
    #[cfg(feature = "sqlite")]
    sqlite = "../docs/sqlite.md";

    /// What is promised when, and which test holds it.
    guarantees = "../docs/guarantees.md";

    /// Bars on a terminal, traces, lineage.
    #[cfg(all(feature = "open-lineage", feature = "progress", feature = "tracing"))]
    watching = "../docs/watching.md";

    /// Every mistake: what the compiler prints, what it means, how to mend it, and its twin at run time.
    errors = "../docs/errors.md";

    /// From the Python phase API, call by call.
    migrating = "../docs/migrating.md";
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
