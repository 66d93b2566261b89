//~ Phase name is invalid: `load tables` has a character other than a-z, 0-9, `_` and `-`

use etl_context::PhaseName;

const LOAD: PhaseName = PhaseName::new("load tables");

fn main() {}
