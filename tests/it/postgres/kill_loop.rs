//! An import that is killed a hundred times ends as one that was never disturbed.

use super::import::PostgresPlace;
use super::server::database;
use crate::disturbed_import::disturb;

const KILLS: usize = 100;

#[test]
fn an_import_that_is_killed_a_hundred_times_ends_as_one_that_was_not() {
    let Some(database) = database() else { return };
    disturb(KILLS, || PostgresPlace::new(&database), |_, child| child.kill());
}
