//! How many cases is a property tried with? Some hundred in the gate, and many more where a night is at hand: `.ci/scheduled`.

use proptest::test_runner::Config;

pub(crate) fn gate(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

pub(crate) fn scheduled() -> Config {
    gate(100_000)
}
