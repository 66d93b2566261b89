//! What may be written in `pipeline!` and `counters!`: attributes, paths, raw identifiers, and phases that count nothing.

use etl_context::{Counters, Counts, Edge, EtlContext, Extract, Failed, Idle, Load, Pipeline, Transform, counters, pipeline};

mod elsewhere {
    use etl_context::{counters, pipeline};

    counters! {
        pub(super) struct Files { pub(super) files: u64 }
    }

    pipeline! {
        pub(super) Shared {
            Validate = "validate" after Idle;
        }
    }
}

counters! {
    /// One of them is left out, and one is called by a word of Rust.
    #[derive(PartialOrd)]
    pub(crate) struct Words {
        #[cfg(all())]
        pub(crate) r#type: u64,
        /// Left out.
        #[cfg(any())]
        pub(crate) left_out: u64,
        /// Kept, with a lint of its own.
        #[allow(dead_code)]
        pub(crate) bytes: u64,
    }
}

counters! {
    /// Left out with everything that belongs to it.
    #[cfg(any())]
    pub(crate) struct Words {
        pub(crate) rows: u64,
    }
}

pipeline! {
    /// Some of its phases are left out.
    WithConditions {
        /// Reads everything.
        #[cfg(all())]
        Extract after Idle;
        #[cfg(any())]
        Transform after Extract;
        /// Left out, of two conditions.
        #[cfg(all())]
        #[cfg(any())]
        Audit = "audit" after Extract | Failed<Extract>;
        #[cfg(any())]
        Load after Audit;
        /// What is loaded depends on the conditions.
        #[cfg(not(any()))]
        Load after Extract | Failed<Extract>;
        #[cfg_attr(all(), doc = "Tells them.", derive(PartialOrd))]
        #[derive(Ord)]
        #[cfg(all())]
        #[deprecated(note = "nobody reads it")]
        Notify = "notify" after Load;
    }
}

pipeline! {
    /// Left out with everything that belongs to it.
    #[cfg(any())]
    WithConditions {
        Extract after Idle;
    }
}

pipeline! {
    r#Match {
        r#Type = "type" counts Words after Idle;
        elsewhere::Validate after r#Type;
        Count = "count" counts elsewhere::Files after elsewhere::Validate;
        Tidy = "tidy" counts () after Count;
    }
}

pipeline! {
    Quiet {
        Silence = "quiet" counts () after Idle;
    }
}

fn names<P: Pipeline>() -> Vec<&'static str> {
    P::PHASES.iter().map(|phase| phase.name.as_str()).collect()
}

#[test]
fn a_phase_that_cfg_leaves_out_is_left_out_with_its_edges() {
    assert_eq!(names::<WithConditions>(), ["extract", "load", "notify"]);
    let edges = [
        Edge::of::<Extract, Idle>(),
        Edge::of::<Load, Extract>(),
        Edge::of::<Load, Failed<Extract>>(),
        #[allow(deprecated)]
        Edge::of::<Notify, Load>(),
    ];
    assert_eq!(WithConditions::EDGES, edges);

    let mut context = EtlContext::for_pipeline::<WithConditions>("conditions");
    let error = context.start_phase("transform", None).unwrap_err();
    assert!(error.to_string().contains("which has `extract`, `load`, `notify`"), "{error}");
}

#[test]
fn a_phase_that_cfg_keeps_has_its_other_attributes() {
    let extracted = WithConditions::context("conditions").start(Extract).unwrap().complete(()).unwrap();
    let loaded = extracted.start(Load).unwrap().complete(()).unwrap();
    #[allow(deprecated)]
    let (notified, same) = (loaded.start(Notify).unwrap().complete(()).unwrap(), Notify.cmp(&Notify));
    assert_eq!((notified.record().phases().count(), same), (3, std::cmp::Ordering::Equal));
}

#[test]
fn a_counter_that_cfg_leaves_out_is_not_counted() {
    assert_eq!(Words::NAMES, ["type", "bytes"]);
    let words = Words { r#type: 1, bytes: 2 };
    assert_eq!(Words::from_values(words.to_values()), words);
    assert_eq!(words.to_values()[..3], [1, 2, 0]);
    assert!(Words::default() < words);
}

#[test]
fn raw_identifiers_are_called_without_what_makes_them_raw() {
    assert_eq!(r#Match::NAME, "Match");
    let mut phase = r#Match::context("raw").start(r#Type).unwrap();
    phase.update_progress(Words { r#type: 3, bytes: 0 });
    let report = serde_json::to_value(phase.complete(()).unwrap().report()).unwrap();
    assert_eq!((&report["type_processed"], &report["processed_type"]), (&3.into(), &3.into()));
    assert!(!report.to_string().contains("r#"), "{report}");
}

#[test]
fn phases_and_counters_can_be_named_by_paths() {
    assert_eq!(names::<r#Match>(), ["type", "validate", "count", "tidy"]);
    assert_eq!(r#Match::PHASES[2].counters, ["files"]);
    assert_eq!(elsewhere::Shared::PHASES[0].name, "validate");
    let counted = elsewhere::Files { files: 1 };
    assert_eq!(elsewhere::Files::from_values(counted.to_values()), counted);
}

#[test]
fn a_phase_that_counts_nothing_has_no_counters() {
    assert_eq!(r#Match::PHASES[3].counters, <[&str; 0]>::default());
    let counted = r#Match::context("nothing").start(r#Type).unwrap().complete(()).unwrap();
    let validated = counted.start(elsewhere::Validate).unwrap().complete(()).unwrap();
    let tidy = validated.start(Count).unwrap().complete(()).unwrap().start(Tidy).unwrap();
    let tidied = tidy.complete(etl_context::dict! { "files": 2 }).unwrap();
    assert_eq!(tidied.report().tally().iter().count(), 0);
    let report = serde_json::to_value(tidied.report()).unwrap();
    let keys: Vec<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(!keys.iter().any(|key| key.contains("processed") || key.contains("total") || key.contains("per_second")), "{keys:?}");
    assert_eq!(report["files"], 2);
}

#[test]
fn counting_in_a_phase_that_counts_nothing_is_refused_by_that_word() {
    let mut context = EtlContext::for_pipeline::<Quiet>("nothing");
    let sentence = "phase `quiet` counts nothing, not conversations, messages; count with the type that the phase declares";
    assert_eq!(context.start_phase("quiet", Counts::default()).unwrap_err().to_string(), sentence);
    context.start_phase("quiet", None).unwrap();
    assert_eq!(context.update_progress(Counts::default()).unwrap_err().to_string(), sentence);
    context.update_progress(()).unwrap();
    context.end_phase(()).unwrap();
}

#[test]
fn existing_phases_are_not_declared_again() {
    let restored = elsewhere::Shared::context("shared").start(elsewhere::Validate).unwrap();
    assert_eq!(restored.status(Transform).as_str(), "pending");
    assert_eq!(restored.complete(()).unwrap().status(elsewhere::Validate).as_str(), "completed");
}
