//! Which of the rows that a phase has rejected stand? Those of an attempt do until a later one does its work again.

/// How many rows of each attempt stand, as the first ones of those that it has rejected.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StandingRows(Vec<OfAttempt>);

#[derive(Debug, Clone, PartialEq)]
struct OfAttempt {
    attempt: u32,
    /// At which visit of the phase.
    visit: u32,
    rows: u64,
    /// So many of them had been rejected at the checkpoint from which a later attempt can go on.
    at_checkpoint: u64,
}

/// An attempt that has rejected so many rows by now, and whether it went on from those of an earlier one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnRows {
    pub(crate) attempt: u32,
    pub(crate) visit: u32,
    pub(crate) rows: u64,
    pub(crate) goes_on: bool,
}

impl StandingRows {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows of the attempt stand.
    pub(crate) fn of(&self, attempt: u32) -> u64 {
        self.0.iter().find(|known| known.attempt == attempt).map_or(0, |known| known.rows)
    }

    /// How many rows of all attempts do.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = (u32, u64)> {
        self.0.iter().map(|known| (known.attempt, known.rows))
    }

    /// Another attempt does again what those at this visit did, and at later ones; up to the checkpoint, if there is one, it may not.
    pub(super) fn start(&mut self, visit: u32, has_checkpoint: bool) {
        for known in self.0.iter_mut().filter(|known| known.visit >= visit) {
            known.rows = if has_checkpoint { known.at_checkpoint } else { 0 };
        }
        self.0.retain(|known| known.rows > 0);
    }

    pub(super) fn checkpoint(&mut self, own: OwnRows) {
        self.replace(own);
        self.0.push(OfAttempt { attempt: own.attempt, visit: own.visit, rows: own.rows, at_checkpoint: own.rows });
    }

    pub(super) fn complete(&mut self, own: OwnRows) {
        self.replace(own);
        self.0.push(OfAttempt { attempt: own.attempt, visit: own.visit, rows: own.rows, at_checkpoint: 0 });
    }

    pub(super) fn fail(&mut self, own: OwnRows) {
        let known = self.0.iter().position(|known| known.attempt == own.attempt);
        let at_checkpoint = known.map_or(0, |place| self.0.remove(place).at_checkpoint);
        self.0.push(OfAttempt { attempt: own.attempt, visit: own.visit, rows: own.rows, at_checkpoint });
    }

    /// Takes out what the attempt knew of itself, and the earlier ones if it did not go on from them.
    fn replace(&mut self, own: OwnRows) {
        let is_earlier = |known: &OfAttempt| known.attempt < own.attempt && known.visit >= own.visit;
        self.0.retain(|known| known.attempt != own.attempt && (own.goes_on || !is_earlier(known)));
    }
}
