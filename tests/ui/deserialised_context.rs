//~ the trait bound `Context<Running<Extract>>:
//~ Deserialize

use etl_context::{Context, Extract, Running};

fn main() {
    let running: Context<Running<Extract>> = serde_json::from_str("{}").unwrap();
}
