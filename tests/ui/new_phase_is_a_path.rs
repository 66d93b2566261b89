//~ `checks::Validate` is a path, and a new phase is declared here; give it a name of one word, or leave out `= "…"` if the phase exists

use etl_context::{Extract, pipeline};

pipeline! {
    Nightly {
        Extract after Idle;
        checks::Validate = "validate" after Extract;
    }
}

fn main() {}
