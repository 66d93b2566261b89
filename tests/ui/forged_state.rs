//~ cannot initialize a tuple struct which contains private fields

use etl_context::{Extract, Running};
use std::marker::PhantomData;

fn main() {
    let running: Running<Extract> = Running(PhantomData);
}
