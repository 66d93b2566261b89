//~ No phase is currently in progress: the context is `Idle`

use etl_context::{Context, Counts};

fn main() {
    let mut context = Context::new("import");
    context.update_progress(Counts { conversations: 1, messages: 20 });
}
