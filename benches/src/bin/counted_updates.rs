use etl_context::*;
#[inline(never)]
#[unsafe(no_mangle)]
pub fn update_typed(context: &mut Context<Running<Extract>>) {
    context.update_progress(Counts { conversations: 1, messages: 20 });
}
#[inline(never)]
#[unsafe(no_mangle)]
pub fn update_dynamic(context: &mut EtlContext) -> bool {
    context.update_progress(Counts { conversations: 1, messages: 20 }).is_ok()
}
fn main() {
    let mut typed = Context::new("x").start(Extract).unwrap();
    let mut dynamic = EtlContext::new("x");
    dynamic.start_phase("extract", None).unwrap();
    update_typed(&mut typed);
    update_dynamic(&mut dynamic);
}
