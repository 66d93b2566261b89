//! Parts that take long: they can be gone on with from a checkpoint, what is noted of them is told once, and how far they are can be seen.

mod checkpoints;
#[cfg(unix)]
mod kill_loop;
mod noted;
mod seen;
