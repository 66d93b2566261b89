//! How does a run go on in several branches, and become one again?

use crate::context::Context;
use crate::context::refused::Refused;
use crate::engine::Engine;
use crate::pipeline::Pipeline;
use crate::pipeline::check::check_forks;
use crate::pipeline::joined::{Joined, JoinedPhases, Joins};
use crate::pipeline::state::Forks;

impl<S, P> Context<S, P> {
    /// The run goes on in `N` branches, each a context like this one: on whatever thread or task the author likes.
    ///
    /// ```
    /// use etl_context::{Error, pipeline};
    ///
    /// pipeline! {
    ///     Nightly {
    ///         Users = "users" after Idle;
    ///         Clean = "clean" after Users;
    ///         Orders = "orders" after Idle;
    ///         Merge = "merge" after (Clean, Orders);
    ///     }
    /// }
    ///
    /// let [users, orders] = Nightly::context("nightly").fork();
    /// let fetched = std::thread::spawn(|| Ok::<_, Error>(orders.start(Orders)?.complete(())?));
    /// let cleaned = users.start(Users)?.complete(())?.start(Clean)?.complete(())?;
    /// let joined = cleaned.join(fetched.join().unwrap()?)?; // Context<Joined<(Clean, Orders)>, Nightly>
    /// joined.start(Merge)?.complete(())?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Each branch has a record of its own, which is the run as the branch knows it: everything before the fork, and what it has done
    /// itself. [`summary`](Context::summary), observers and the journal have the whole, and so has [`record`](Context::record) once
    /// the branches are joined. A phase belongs to the branch that starts it; in another one it is refused with
    /// [`Error::InOtherBranch`](crate::Error::InOtherBranch).
    ///
    /// After a crash the program forks again, and each branch goes past what it has completed.
    ///
    /// A pipeline of which no phase joins branches cannot fork, and the program does not build:
    ///
    /// ```compile_fail,E0080
    /// use etl_context::Context;
    ///
    /// let [one, other] = Context::new("import").fork(); // a run of pipeline `Etl` cannot fork, …
    /// ```
    ///
    /// For one phase a branch there is [`phases`](Context::phases), which runs closures.
    pub fn fork<const N: usize>(self) -> [Self; N]
    where
        S: Forks,
        P: Pipeline,
    {
        const { check_forks::<P>() };
        self.engine.fork().map(Context::from_engine)
    }

    /// Joins another branch to this one, both of which have come to the end of a completed phase.
    ///
    /// The phases stand in the order in which the pipeline joins them: for `Merge after (Users, Orders, Prices)`,
    /// `users.join(orders)?.join(prices)?`. What starts behind them needs all of them.
    ///
    /// # Errors
    ///
    /// [`Refused`], which gives both contexts back, with [`Error::NotJoined`](crate::Error::NotJoined), if they are no branches of one
    /// run.
    #[allow(clippy::type_complexity, reason = "the states are the message")]
    pub fn join<Other, Phases>(
        self,
        other: Context<Other, P>,
    ) -> Result<Context<Joined<Phases>, P>, Refused<(Self, Context<Other, P>)>>
    where
        S: Joins<Other, Phases>,
        Phases: JoinedPhases,
    {
        match self.engine.check_join(&other.engine) {
            Ok(()) => Ok(joined(self.engine, [other.engine])),
            Err(error) => Err(Refused::new((self, other), error)),
        }
    }
}

/// The branches, which are of one run, have completed these phases.
pub(crate) fn joined<Phases: JoinedPhases, P>(
    mut engine: Box<Engine>,
    others: impl IntoIterator<Item = Box<Engine>>,
) -> Context<Joined<Phases>, P> {
    others.into_iter().for_each(|other| engine.join(other, Phases::NAMES));
    Context::from_engine(engine)
}
