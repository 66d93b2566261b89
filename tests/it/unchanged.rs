//! A refused call changes nothing: called, and checked.

use std::fmt::Debug;

use etl_context::{Error, EtlContext};

/// The error of a call that must be refused, after a look at everything that it could have changed.
#[track_caller]
pub(crate) fn refused<T: Debug>(context: &mut EtlContext, call: impl FnOnce(&mut EtlContext) -> Result<T, Error>) -> Error {
    let record = context.record().clone();
    let (counts, totals) = (context.progress().counts(), context.progress().totals());
    let error = call(context).expect_err("the call must be refused");
    assert_eq!(*context.record(), record);
    assert_eq!((context.progress().counts(), context.progress().totals()), (counts, totals));
    error
}

/// Asserts that the error begins with a sentence of the documentation.
#[track_caller]
pub(crate) fn says(error: &Error, sentence: &str) {
    let message = error.to_string();
    assert!(message.starts_with(sentence), "`{message}` does not begin with `{sentence}`");
}
