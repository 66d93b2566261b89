//! How is a time taken? As the smallest of many short samples, the cases in turn.
//!
//! Whatever else the machine does can only add to a sample. Because the cases take turns, and each round begins with another
//! one, all of them meet the same machine.

use std::arch::asm;
use std::hint::black_box;
use std::time::Instant;

/// One thing to measure: each call takes a sample and returns what one operation took, in nanoseconds.
pub type Case<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// Takes `rounds` samples of each case; returns the fastest of each, in nanoseconds.
pub fn fastest<const N: usize>(rounds: usize, mut cases: [Case<'_>; N]) -> [f64; N] {
    let mut fastest = [f64::INFINITY; N];
    for round in 0..rounds {
        for turn in 0..N {
            let index = (round + turn) % N;
            fastest[index] = fastest[index].min(cases[index]());
        }
    }
    fastest
}

/// What one of `count` calls takes, in nanoseconds.
pub fn nanoseconds(count: u32, mut call: impl FnMut()) -> f64 {
    // A count that the compiler knows lets it unroll some loops and not others.
    let count = black_box(count);
    let started = Instant::now();
    for _ in 0..count {
        call();
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

/// Whatever `value` holds may have been read and changed, as far as the compiler knows; so what was stored has to be stored, as
/// it is anyway for atomics. Unlike `std::hint::black_box`, this costs nothing: the value stays where it is.
#[inline(always)]
pub fn touch<T>(value: &mut T) {
    // SAFETY: this is no instruction.
    unsafe { asm!("/* {0} */", in(reg) value, options(nostack, preserves_flags)) }
}
