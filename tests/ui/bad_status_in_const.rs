//~ Status is invalid: `done` is none of `pending`, `running`, `completed`, `failed`

use etl_context::PhaseStatus;

const DONE: PhaseStatus = PhaseStatus::from_literal("done");

fn main() {}
