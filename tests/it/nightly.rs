//! Pipelines and counters of our own: alternatives, an edge out of failure, other things to count, another order.

use etl_context::{Extract, Load, Transform, counters, pipeline};

counters! {
    /// What a table load counts.
    pub(crate) struct Rows {
        pub(crate) rows: u64,
        pub(crate) bytes: u64,
    }
}

counters! {
    /// As many as one phase can have.
    pub(crate) struct Eight {
        conversations: u64,
        messages: u64,
        attachments: u64,
        reactions: u64,
        participants: u64,
        duplicates: u64,
        rejected: u64,
        bytes: u64,
    }
}

pipeline! {
    /// Nightly chat import.
    pub(crate) Nightly {
        Extract after Idle;
        Validate = "validate" after Extract;
        Load after Validate | Extract;
        LoadTables = "load-tables" counts Rows after Load;
        Cleanup = "cleanup" after Load | LoadTables | Failed<Load>;
    }
}

pipeline! {
    /// The library's own phases, the other way round: a target is read back into its source.
    pub(crate) Restore {
        Load after Idle;
        Transform after Load;
        Extract after Transform;
    }
}
