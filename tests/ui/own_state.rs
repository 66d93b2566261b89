//~ `Paused` is no state of a context

use etl_context::{AtRest, Extract};

struct Paused;

impl AtRest<Extract> for Paused {}

fn main() {}
