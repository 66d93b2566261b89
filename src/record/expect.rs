//! What may an author expect of a phase? A figure with bounds, fixed ones and such as earlier runs set, and what follows if it breaks them.

use std::marker::PhantomData;
use std::ops::{RangeFrom, RangeInclusive, RangeToInclusive};
use std::time::Duration;

use crate::record::expectation::{Expectation, NearMedian};
use crate::record::figure::{Figure, MILLION};
use crate::record::share::Share;

/// What is expected of a phase when it completes: a figure of it, and its bounds. [`RunBuilder::expect`](crate::RunBuilder::expect)
/// takes it.
///
/// ```
/// use etl_context::{Etl, Expect, Load, Runs, Share};
/// use std::time::Duration;
///
/// # let folder = tempfile::tempdir()?;
/// # let runs = Runs::in_folder(folder.path());
/// let context = runs.run("taxi", "2026-11-25")?
///     .expect::<Load>(Expect::counter("messages").at_least(1).or_fail())
///     .expect::<Load>(Expect::counter("messages").within(0.5..=2.0).of_median(7))
///     .expect::<Load>(Expect::rate("messages").at_least(100.0))
///     .expect::<Load>(Expect::duration().at_most(Duration::from_secs(3_600)))
///     .expect::<Load>(Expect::rejected_share().at_most(Share::percent(1.0)))
///     .begin::<Etl>()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What is not as expected is a warning: it is on record with the end of the phase, and every report tells it. With
/// [`or_fail`](Expect::or_fail), the phase fails.
///
/// The type says in which unit the bounds are: `u64` for counts, `f64` for rates per second, `Duration`, and [`Share`].
#[derive(Debug, Clone)]
#[must_use = "it is expected of a phase by `expect`, which takes this"]
pub struct Expect<Amount> {
    kept: Expectation,
    /// What is wrong with it, as the end of a sentence; told when the run begins.
    fault: Option<String>,
    amount: PhantomData<fn(Amount)>,
}

/// So many times the median, of which it is not said yet what it is the median of: [`Expect::within`] makes it.
#[derive(Debug, Clone)]
#[must_use = "say of how many runs it is the median, with `of_median`"]
pub struct TimesMedian<Amount> {
    expect: Expect<Amount>,
    factors: [Option<u64>; 2],
}

/// In what a bound is said: a count, a rate per second, a duration, a share. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no amount of which a phase can be expected to have so much",
    note = "counts are `u64`, rates are `f64`, durations `std::time::Duration`, and shares `Share`"
)]
pub trait ExpectedAmount: sealed::Sealed {
    /// As the whole number that is recorded.
    #[doc(hidden)]
    fn in_units(self) -> Result<u64, &'static str>;
}

/// From how many times to how many times the median, as in `0.5..=2.0`, `0.5..` or `..=2.0`. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how many times the median is expected",
    note = "write `0.5..=2.0`, `0.5..` or `..=2.0`, with numbers that have a point"
)]
pub trait Factors: sealed::Sealed {
    /// The lowest and the highest.
    #[doc(hidden)]
    fn into_bounds(self) -> [Option<f64>; 2];
}

mod sealed {
    /// Amounts and ranges are those that are known here.
    pub trait Sealed {}
}

impl Expect<u64> {
    /// How much the phase has counted by the counter of this name, in all its attempts together: what its report calls processed.
    pub fn counter(name: impl Into<String>) -> Self {
        Expect::of(Figure::Counter { counter: name.into().into() })
    }

    /// How many rows it has rejected.
    pub fn rejected() -> Self {
        Expect::of(Figure::Rejected)
    }
}

impl Expect<f64> {
    /// How much the attempt that completes has counted by the counter of this name per second. It is not known of one that took no time.
    pub fn rate(name: impl Into<String>) -> Self {
        Expect::of(Figure::Rate { counter: name.into().into() })
    }
}

impl Expect<Duration> {
    /// How long the attempt that completes took. It is not known of the whole phase if it went on from an earlier one.
    pub fn duration() -> Self {
        Expect::of(Figure::Duration)
    }
}

impl Expect<Share> {
    /// How large a share of its rows the phase has rejected. It is not known of a phase without rows.
    pub fn rejected_share() -> Self {
        Expect::of(Figure::RejectedShare)
    }
}

impl<Amount: ExpectedAmount> Expect<Amount> {
    fn of(figure: Figure) -> Self {
        let kept = Expectation { figure, found: None, at_least: None, at_most: None, within: None, or_fail: false, held: true };
        Expect { kept, fault: None, amount: PhantomData }
    }

    /// So much, or more. Said again, it is the new bound.
    pub fn at_least(mut self, bound: Amount) -> Self {
        self.kept.at_least = self.in_units(bound);
        self
    }

    /// So much, or less. Said again, it is the new bound.
    pub fn at_most(mut self, bound: Amount) -> Self {
        self.kept.at_most = self.in_units(bound);
        self
    }

    /// Between so many times the median of earlier runs and so many: `0.5..=2.0`, `0.5..` or `..=2.0`, to a millionth. Of how many runs,
    /// [`of_median`](TimesMedian::of_median) says.
    ///
    /// ```compile_fail,E0277
    /// # use etl_context::Expect;
    /// let rows = Expect::counter("rows").within(0.5..2.0).of_median(7); // how many are just less than twice as many?
    /// ```
    pub fn within(mut self, times: impl Factors) -> TimesMedian<Amount> {
        let factors = times.into_bounds();
        let is_number = |factor: f64| factor.is_finite() && factor >= 0.0;
        if !factors.into_iter().flatten().all(is_number) {
            self.refuse("the median is expected so many times that this is no number from 0; leave an end open, as in `0.5..`");
        }
        if let [Some(lowest), Some(highest)] = factors
            && lowest > highest
        {
            self.refuse(&format!("nothing is within {lowest}..={highest} times the median; write the smaller number first"));
        }
        TimesMedian { expect: self, factors: factors.map(|factor| factor.map(as_millionths)) }
    }

    /// If it is not so, the phase fails, with an error that says what was expected and what was found. It can then not complete: see
    /// [`RunBuilder::expect`](crate::RunBuilder::expect).
    pub fn or_fail(mut self) -> Self {
        self.kept.or_fail = true;
        self
    }

    fn in_units(&mut self, bound: Amount) -> Option<u64> {
        bound.in_units().map_err(|fault| self.refuse(fault)).ok()
    }

    fn refuse(&mut self, fault: &str) {
        self.fault.get_or_insert_with(|| fault.to_owned());
    }

    /// What is to be checked.
    ///
    /// # Errors
    ///
    /// Why it cannot be, as the end of a sentence.
    pub(crate) fn into_expectation(self) -> Result<Expectation, String> {
        let Expect { kept, fault, .. } = self;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let Expectation { figure, at_least, at_most, within, .. } = &kept;
        if let (Some(least), Some(most)) = (at_least, at_most)
            && least > most
        {
            let (least, most) = (figure.amount(*least), figure.amount(*most));
            return Err(format!("nothing is at least {least} and at most {most}"));
        }
        if at_least.is_none() && at_most.is_none() && within.is_none() {
            return Err("it has no bound; say `at_least`, `at_most` or `within`".to_owned());
        }
        Ok(kept)
    }
}

impl<Amount: ExpectedAmount> TimesMedian<Amount> {
    /// Of the median of so many runs: of the last ones that completed before this one began or went on, whatever their keys, and have
    /// such a figure. If there are fewer, it is the median of these; if there is none, nothing is compared, and that is on record.
    ///
    /// Of an even number it is the middle between the two in the middle. Of a median of zero, only zero is within.
    pub fn of_median(self, runs: u32) -> Expect<Amount> {
        let TimesMedian { mut expect, factors: [lowest, highest] } = self;
        if runs == 0 {
            expect.refuse("no run has a median; take at least one run for it, as in `of_median(7)`");
        }
        expect.kept.within = Some(NearMedian { lowest, highest, of_median: runs, median: None, runs: 0, unreadable: 0 });
        expect
    }
}

impl sealed::Sealed for u64 {}
impl sealed::Sealed for f64 {}
impl sealed::Sealed for Duration {}
impl sealed::Sealed for Share {}

#[diagnostic::do_not_recommend]
impl ExpectedAmount for u64 {
    fn in_units(self) -> Result<u64, &'static str> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl ExpectedAmount for f64 {
    fn in_units(self) -> Result<u64, &'static str> {
        let is_rate = self.is_finite() && self >= 0.0;
        if is_rate { Ok(as_millionths(self)) } else { Err("a rate is a number from 0, per second") }
    }
}

#[diagnostic::do_not_recommend]
impl ExpectedAmount for Duration {
    fn in_units(self) -> Result<u64, &'static str> {
        Ok(u64::try_from(self.as_micros()).unwrap_or(u64::MAX))
    }
}

#[diagnostic::do_not_recommend]
impl ExpectedAmount for Share {
    fn in_units(self) -> Result<u64, &'static str> {
        Ok(as_millionths(self.as_percent() / 100.0))
    }
}

impl sealed::Sealed for RangeInclusive<f64> {}
impl sealed::Sealed for RangeFrom<f64> {}
impl sealed::Sealed for RangeToInclusive<f64> {}

#[diagnostic::do_not_recommend]
impl Factors for RangeInclusive<f64> {
    fn into_bounds(self) -> [Option<f64>; 2] {
        [Some(*self.start()), Some(*self.end())]
    }
}

#[diagnostic::do_not_recommend]
impl Factors for RangeFrom<f64> {
    fn into_bounds(self) -> [Option<f64>; 2] {
        [Some(self.start), None]
    }
}

#[diagnostic::do_not_recommend]
impl Factors for RangeToInclusive<f64> {
    fn into_bounds(self) -> [Option<f64>; 2] {
        [None, Some(self.end)]
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "what is no number from 0 was refused, and the cast saturates"
)]
fn as_millionths(number: f64) -> u64 {
    (number * MILLION as f64).round() as u64
}
