//! What is done? Messages are exported, two queries are asked of them, and the answers are loaded into a database.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};
use etl_context::{Context, EtlContext, Idle, Pause, Phase, PhaseResult, Retry, RunningPhase, counters, pipeline};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::figures::Figures;
use crate::table::Staged;
use crate::watch::{Answered, Asked, answer};
use crate::{engine, load, messages, queries, workers};

counters! {
    /// What all phases count. Of a stage of a query, only what has moved is its own.
    pub struct Work {
        /// Rows written to where the phase writes.
        pub rows: u64,
        /// Their size there.
        pub bytes: u64,
        /// Rows read from files.
        pub read: u64,
        /// Rows that went from a stage to the next one.
        pub moved: u64,
        /// Their size in memory.
        pub moved_bytes: u64,
    }
}

pipeline! {
    /// What people do in a chat.
    pub ChatStatistics {
        /// Messages, as a chat service would export them, in several files.
        Export = "export" counts Work after Idle;
        /// Sessions of each person on each day.
        Sessions = "sessions" counts Work after Export;
        /// The most frequent words of each conversation.
        Words = "words" counts Work after Sessions;
        /// Both into the database, in one transaction with the end of the phase.
        Load = "load" counts Work after Words;
    }
}

/// What a phase hands to the next: not the rows but where they are.
#[derive(Debug, Serialize, Deserialize)]
struct Exported {
    messages: PathBuf,
}

impl PhaseResult for Exported {}

/// Where the answer to a query is, and what the engine said of it: of each stage, and the plan with all that its operators have counted.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    folder: PathBuf,
    stages: BTreeMap<String, Figures>,
    plan: String,
}

impl PhaseResult for Answer {}

/// A job in a folder of its own.
pub struct Job {
    pub folder: PathBuf,
    /// How many are exported.
    pub messages: u64,
    /// Where queries run; within this process if there are none.
    pub workers: Vec<SocketAddr>,
    /// One that is silent for so long in the middle of a query fails it.
    pub patience: Duration,
}

type Question = fn(DataFrame) -> Result<DataFrame, DataFusionError>;

impl Job {
    pub fn database(&self) -> PathBuf {
        self.folder.join("chat.db")
    }

    /// Does what is left to do.
    pub async fn run(&self, context: Context<Idle, ChatStatistics>) -> Result<EtlContext, EtlContext> {
        let retry = Retry::up_to(4).pausing(Pause::exponential(Duration::from_millis(200), Duration::from_secs(10)));
        let (exported, export) = context.phase(Export).run(|export| self.export(export))?;

        let messages = &export.messages;
        let sessions = exported.phase(Sessions).retrying(retry).sleeping_with(tokio::time::sleep);
        let sessions = sessions.run_async(async |phase| self.ask(queries::sessions, messages, "sessions", phase).await);
        let (counted, sessions) = sessions.await?;

        let words = counted.phase(Words).retrying(retry).sleeping_with(tokio::time::sleep);
        let words = words.run_async(async |phase| self.ask(queries::words, messages, "words", phase).await);
        let (told, words) = words.await?;

        let mut database = match Connection::open(self.database()) {
            Ok(database) => database,
            Err(error) => return Ok(told.start(Load)?.fail(&error)?.erase()),
        };
        let tables = [("sessions", &*sessions.folder), ("words", &*words.folder)];
        let (loaded, ()) = told.phase(Load).run_in(&mut database, |load, transaction| load::load(tables, load, transaction))?;
        Ok(loaded.erase())
    }

    fn export(&self, phase: &mut RunningPhase<'_, Export>) -> Result<Exported> {
        let staged = Staged::begin(&self.folder.join("messages"))?;
        messages::write(self.messages, staged.path(), |rows| {
            phase.update_progress(Work { rows, ..Work::default() });
            Ok(phase.check_cancelled()?)
        })?;
        phase.update_progress(Work { bytes: size(staged.path())?, ..Work::default() });
        Ok(Exported { messages: staged.commit()? })
    }

    /// Asks the engine, of the workers that are there now.
    async fn ask<Ph: Phase<Counters = Work>>(
        &self,
        question: Question,
        messages: &Path,
        name: &str,
        phase: &mut RunningPhase<'_, Ph>,
    ) -> Result<Answer> {
        let (session, workers) = self.engine().await?;
        let question = question(read(&session, messages).await?)?;

        let staged = Staged::begin(&self.folder.join(name))?;
        let Answered { stages, plan } = answer(question, staged.path().join("part-0.parquet"), &workers, phase).await?;
        Ok(Answer { folder: staged.commit()?, stages, plan })
    }

    /// The engine over those of the workers that are left, and how to ask them.
    async fn engine(&self) -> Result<(SessionContext, Vec<Asked>)> {
        if self.workers.is_empty() {
            return Ok((engine::alone(), Vec::new()));
        }
        let workers = workers::left_of(&self.workers).await?;
        let session = engine::over(&workers)?;
        let asked = |address| Ok(Asked { address, channel: engine::channel(address)?, patience: self.patience });
        Ok((session, workers.into_iter().map(asked).collect::<Result<_>>()?))
    }
}

async fn read(session: &SessionContext, messages: &Path) -> Result<DataFrame> {
    let path = messages.to_str().with_context(|| format!("`{}` is no text", messages.display()))?;
    Ok(session.read_parquet(path, ParquetReadOptions::default()).await?)
}

fn size(folder: &Path) -> Result<u64> {
    let files = fs::read_dir(folder)?;
    files.map(|file| Ok(file?.metadata()?.len())).sum()
}
