//! In which words is a pipeline refused that is written wrongly? The macros here say what `pipeline!` would have taken.

/// Looks for what is wrong: first in what stands around the phases, then in one phase after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_a_pipeline {
    // Whatever stands around them, these are phases.
    ($(#[$meta:meta])* $visibility:vis $pipeline:ident { $($phases:tt)+ }) => {
        $crate::__not_phases! { $pipeline { $($phases)+ } }
    };
    ($(#[$meta:meta])* $visibility:vis $pipeline:ident {}) => {
        $crate::__mistake! {
            "pipeline `" [$pipeline] "` has no phase; declare at least one, as in `Extract after Idle;`"
        }
    };
    ($(#[$meta:meta])* $visibility:vis struct $pipeline:ident $($rest:tt)*) => {
        $crate::__mistake! { "`pipeline!` declares the type itself; write `" [$pipeline] " { … }`, without `struct`" }
    };
    ($(#[$meta:meta])* $visibility:vis $pipeline:ident { $($phases:tt)* } $($rest:tt)+) => {
        $crate::__mistake! { "one `pipeline!` declares one pipeline; write another one for what stands behind `" [$pipeline] "`" }
    };
    ($($mistaken:tt)*) => {
        $crate::__mistake! {
            "a pipeline is declared with its name and its phases, as in `pipeline! { pub Nightly { Extract after Idle; } }`"
        }
    };
}

/// Goes over the phases that are written well, up to the one that is not.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_phases {
    ($pipeline:ident {
        $(#[$meta:meta])*
        $phase:ident $(:: $inside:ident)* $(= $name:literal)? $(counts $counters:tt $(:: $counters_inside:ident)*)?
        after $($last:ty)|+ ;
        $($rest:tt)*
    }) => {
        $crate::__not_phases! { $pipeline { $($rest)* } }
    };
    ($pipeline:ident {
        $(#[$meta:meta])*
        finally $phase:ident $(:: $inside:ident)* $(= $name:literal)? $(counts $counters:tt $(:: $counters_inside:ident)*)? ;
        $($rest:tt)*
    }) => {
        $crate::__not_phases! { $pipeline { $($rest)* } }
    };
    ($pipeline:ident { $(#[$meta:meta])* finally $phase:ident $(= $name:literal)? $(counts $counters:tt)? after $($rest:tt)* }) => {
        $crate::__mistake! {
            "phase `" [$phase] "` is one that runs finally, wherever the run stands; leave out `finally`, or what stands behind `after`"
        }
    };
    // All of them are written well, so it was an attribute.
    ($pipeline:ident {}) => {
        $crate::__mistake! {
            "a phase of pipeline `" [$pipeline] "` has an attribute that `pipeline!` cannot pass on; it takes comments, `cfg`, \
             `cfg_attr`, `allow`, `expect`, `warn`, `deny`, `deprecated` and `derive`; write a marker that needs another one \
             yourself, with `impl Phase`, and name it in the pipeline"
        }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident = $name:literal ; $($rest:tt)* }) => {
        $crate::__mistake! {
            "phase `" [$phase] "` does not say after what it may start; write `" [$phase] " = " [$name] " after Idle;`, or after a phase"
        }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident ; $($rest:tt)* }) => {
        $crate::__mistake! {
            "phase `" [$phase] "` does not say after what it may start; write `" [$phase] " after Idle;`, or after a phase"
        }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident = $name:literal $(counts $counters:tt)? after ; $($rest:tt)* }) => {
        $crate::__mistake! { "nothing stands behind `after` of phase `" [$phase] "`; write `Idle`, or a phase" }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident after ; $($rest:tt)* }) => {
        $crate::__mistake! { "nothing stands behind `after` of phase `" [$phase] "`; write `Idle`, or a phase" }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident after $($rest:tt)* }) => {
        $crate::__not_after! { $phase { $($rest)* } }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident = $name:literal after $($rest:tt)* }) => {
        $crate::__not_after! { $phase { $($rest)* } }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident = $name:literal counts $counters:ident after $($rest:tt)* }) => {
        $crate::__not_after! { $phase { $($rest)* } }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident = $name:literal counts $($rest:tt)* }) => {
        $crate::__mistake! {
            "what phase `" [$phase] "` counts is named by its type, as in `counts Rows after Extract`, or is `()` for nothing"
        }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident = $name:literal $($rest:tt)* }) => {
        $crate::__mistake! {
            "behind the name of phase `" [$phase] "` stands `after`, or `counts` and then `after`, as in `" [$phase] " = " [$name]
            " after Idle;`"
        }
    };
    ($pipeline:ident { $(#[$meta:meta])* $phase:ident = $name:tt $($rest:tt)* }) => {
        $crate::__mistake! {
            "the name of phase `" [$phase] "` is written as a text in quotes, as in `" [$phase] " = \"name\" after Idle;`; `" [$name]
            "` is none"
        }
    };
    ($pipeline:ident { $(#[$meta:meta])* $first:tt $($rest:tt)* }) => {
        $crate::__mistake! {
            "no phase of pipeline `" [$pipeline] "` can be declared with what begins with `" [$first] "`; write `Extract after Idle;` \
             for a phase that exists, and `Validate = \"validate\" after Extract;` for a new one"
        }
    };
    ($pipeline:ident { $($rest:tt)* }) => {
        $crate::__mistake! { "in pipeline `" [$pipeline] "`, an attribute has no phase to stand on" }
    };
}

/// What stands behind `after` is not a list of alternatives that ends with `;`.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_after {
    ($phase:ident { $($last:ident $(< $failed:ident >)?)|+ , $($rest:tt)* }) => {
        $crate::__mistake! { "phase `" [$phase] "` may start after one of several others; put `|` between them, and not `,`" }
    };
    ($phase:ident { $($last:ident $(< $failed:ident >)?)|+ || $($rest:tt)* }) => {
        $crate::__mistake! { "phase `" [$phase] "` may start after one of several others; put `|` between them, and not `||`" }
    };
    ($phase:ident { $($last:ident $(< $failed:ident >)?)|+ $($rest:tt)* }) => {
        $crate::__mistake! { "a `;` is missing behind phase `" [$phase] "`, which ends with what it may start after" }
    };
    ($phase:ident { $($rest:tt)* }) => {
        $crate::__mistake! { "phase `" [$phase] "` can start after `Idle`, a phase, `Failed<…>` of a phase, or all of several, as in `(Users, Orders)`, and ends with `;`" }
    };
}

/// A phase with a part that does not go with the others.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_a_phase {
    ($of_marker:tt { $phase:ident :: $($inside:tt)+ }) => { $crate::__not_a_phase! { @path $of_marker { $phase :: $($inside)+ } } };
    ($of_marker:tt { $phase:ident = $name:literal counts $($counters:tt)* }) => {
        $crate::__mistake! {
            "what phase `" [$phase] "` counts is named by its type, as in `counts Rows after Extract`, or is `()` for nothing"
        }
    };
    ({} { $phase:ident counts $($counters:tt)* }) => {
        $crate::__mistake! {
            "phase `" [$phase] "` exists, and counts what its own declaration says; leave `counts` out here, or declare a new phase \
             by `" [$phase] " = \"name\"`"
        }
    };
    ({ $($of_marker:tt)+ } { $phase:ident $($rest:tt)* }) => {
        $crate::__mistake! {
            "phase `" [$phase] "` exists, so of its attributes `pipeline!` takes comments, `cfg` and lints only; put the others where \
             it is declared"
        }
    };
    (@path $of_marker:tt { $first:ident $(:: $inside:ident)* = $($rest:tt)* }) => {
        $crate::__mistake! {
            "`" [$first] $("::" [$inside])* "` is a path, and a new phase is declared here; give it a name of one word, or leave out `= \"…\"` if \
             the phase exists"
        }
    };
    (@path {} { $first:ident $(:: $inside:ident)* counts $($rest:tt)* }) => {
        $crate::__mistake! {
            "phase `" [$first] $("::" [$inside])* "` exists, and counts what its own declaration says; leave `counts` out here"
        }
    };
    (@path $of_marker:tt { $first:ident $(:: $inside:ident)* }) => {
        $crate::__mistake! {
            "phase `" [$first] $("::" [$inside])* "` exists, so of its attributes `pipeline!` takes comments, `cfg` and lints only; put the others \
             where it is declared"
        }
    };
}
