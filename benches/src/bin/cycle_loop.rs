//! One kind of cycle many times, for `callgrind` and `perf`: `typed`, `dynamic`, `dict` or `hand`, and how many.
use etl_context::EtlContext;
use etl_context_benches::{by_hand::Tracker, cycle};
fn main() {
    let mut arguments = std::env::args().skip(1);
    let (kind, count) = (arguments.next().unwrap(), arguments.next().unwrap().parse::<u32>().unwrap());
    for _ in 0..count {
        match kind.as_str() {
            "typed" => { let mut c = cycle::begun(); for _ in 0..200 { c = cycle::typed(c); } }
            "dynamic" => { let mut c = EtlContext::new("again"); for _ in 0..200 { cycle::dynamic(&mut c); } }
            "dict" => { let mut c = EtlContext::new("again"); for _ in 0..200 { cycle::dynamic_with_dict(&mut c); } }
            _ => { let mut c = Tracker::new(); for _ in 0..200 { cycle::by_hand(&mut c); } }
        }
    }
}
