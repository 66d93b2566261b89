//! What does a refused move leave? The context as it was, and the reason.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// A move that was refused: the context, which is as it was, and the error.
///
/// `?` turns it into the [`Error`] and drops the context; if a phase was running, it is then recorded as abandoned. To go on
/// with the context, take both with [`into_parts`](Refused::into_parts):
///
/// ```
/// use etl_context::{Context, Extract, dict};
///
/// let extract = Context::new("import").start(Extract)?;
/// // The method says `completed`, the result says otherwise.
/// let refused = extract.complete(dict! { "status": "failed" }).unwrap_err();
/// let (extract, error) = refused.into_parts();
/// assert!(error.to_string().starts_with("Status is invalid"));
/// extract.complete(dict! { "status": "completed" })?;
/// # Ok::<(), etl_context::Error>(())
/// ```
#[must_use = "the context is inside"]
pub struct Refused<C>(Box<(C, Error)>);

impl<C> Refused<C> {
    pub(crate) fn new(context: C, error: Error) -> Self {
        Refused(Box::new((context, error)))
    }

    /// The same refusal in other words.
    pub(crate) fn saying(self, words: impl FnOnce(Error) -> Error) -> Self {
        let (context, error) = self.into_parts();
        Refused::new(context, words(error))
    }

    /// Why it was refused.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.1
    }

    pub(crate) fn context_mut(&mut self) -> &mut C {
        &mut self.0.0
    }

    /// The context and the reason.
    #[must_use]
    pub fn into_parts(self) -> (C, Error) {
        *self.0
    }
}

impl<C> From<Refused<C>> for Error {
    fn from(refused: Refused<C>) -> Self {
        refused.into_parts().1
    }
}

impl<C> fmt::Debug for Refused<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refused").field(self.error()).finish()
    }
}

impl<C> fmt::Display for Refused<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

impl<C> StdError for Refused<C> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error().source()
    }
}
