//! Which phases does an import have, and what does each count?

use etl_context::{Load, Transform, counters, pipeline};

counters! {
    /// What is counted of an export while it is read.
    pub(crate) struct Read {
        pub(crate) messages: u64,
        pub(crate) bytes: u64,
    }
}

pipeline! {
    /// The default pipeline, but for what the first phase counts: of an export nothing is known before but its size.
    pub(crate) SkypeImport {
        Extract = "extract" counts Read after Idle;
        Transform after Extract;
        Load after Transform;
    }
}
