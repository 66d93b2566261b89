//! What the measurements share: how time is taken, how memory is counted, and the same work by hand.

pub mod by_hand;
pub mod cycle;
pub mod measure;
pub mod memory;
#[cfg(feature = "queues")]
pub mod server;
pub mod table;
