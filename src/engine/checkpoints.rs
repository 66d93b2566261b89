//! From where can a later attempt go on? From its last checkpoint, with all that was counted and rejected until then.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::Engine;
use crate::error::Error;
use crate::json::lossless;
use crate::pipeline::phase::PhaseName;
use crate::record::event::Event;

impl Engine {
    pub(crate) fn checkpoint<C: Serialize + ?Sized>(&mut self, cursor: &C) -> Result<(), Error> {
        let event = self.checkpointed(cursor)?;
        self.happen(&event, |_| {})?;
        self.settle_rejected(&event);
        Ok(())
    }

    /// Decides: the event that tells from where a later attempt can go on.
    pub(super) fn checkpointed<C: Serialize + ?Sized>(&mut self, cursor: &C) -> Result<Event, Error> {
        let running = self.record.running("checkpoint")?;
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let cursor = lossless::to_value(cursor).map_err(|reason| Error::NotSerializable {
            phase: phase.clone(),
            what: "the checkpoint",
            reason,
        })?;
        let rejected = self.rejected_since_checkpoint()?;
        let (cursor, counts, carried, time) = (Arc::new(cursor), self.meter.counts(), self.meter.carried(), self.clock.now());
        Ok(Event::Checkpointed { phase, attempt, cursor, counts, carried, rejected, time })
    }

    /// The cursor of the phase's last checkpoint since it last completed. An attempt that takes it up goes on from what was counted
    /// until then.
    pub(crate) fn resume_point<C: DeserializeOwned>(&self, phase: &PhaseName) -> Result<Option<C>, Error> {
        let cursor = self.record.resume_point(phase.as_str())?;
        let record = self.record.phase(phase.as_str());
        let checkpoint = record.and_then(|record| Some((record, record.last_checkpoint()?)));
        if let (Some(_), Some((record, checkpoint)), Some(running)) = (&cursor, checkpoint, self.record.current())
            && checkpoint.attempt < running.attempt
        {
            self.meter.carry(&checkpoint.counts);
            self.take_up_rejected(record);
        }
        Ok(cursor)
    }
}
