//! A run in a field: a struct of one's own that holds a context in whatever state it is.
//!
//! A window, a service or a robot gets its commands from outside, one at a time, and keeps the run in between. Two shapes do:
//!
//! - **an enum of one's own**, with a variant for each state that the program can be in. What belongs to a state, such as the
//!   lines that were read so far, is a field of its variant and cannot be touched in another. The moves stay typed. Take this
//!   for the run that one works on;
//! - **`EtlContext`**, which a context of any state becomes with `erase`, and from which `try_into_state` leads back. Take this
//!   for runs that are only kept, listed and asked.
//!
//! ```text
//! cargo run --example stored_run
//! ```

use etl_context::{Completed, Context, Counts, Error, Etl, EtlContext, Extract, Failed, Running};

/// What a user can do, in any order.
#[derive(Debug, Clone, Copy)]
enum Command {
    Begin(&'static str),
    Read(&'static str),
    Finish,
    GiveUp,
    RetryLast,
}

/// The run that the window works on.
#[derive(Debug, Default)]
enum Import {
    #[default]
    None,
    Reading {
        extract: Context<Running<Extract>>,
        lines: Vec<&'static str>,
    },
    Read {
        extracted: Context<Completed<Extract>>,
        lines: Vec<&'static str>,
    },
}

#[derive(Debug, Default)]
struct Window {
    import: Import,
    /// Runs that are over, each in its own state.
    history: Vec<EtlContext>,
}

impl Window {
    /// Takes the import out of its field, moves it, and puts it back: one arm for each command that makes sense in a state.
    ///
    /// Should a move be refused, `?` drops the run, which records its phase as abandoned, and the field stays at `None`.
    fn handle(&mut self, command: Command) -> Result<(), Error> {
        self.import = match (std::mem::take(&mut self.import), command) {
            (Import::None, Command::Begin(name)) => {
                Import::Reading { extract: Context::new(name).start(Extract)?, lines: Vec::new() }
            }
            (Import::None, Command::RetryLast) => self.retry_last()?,
            (Import::Reading { mut extract, mut lines }, Command::Read(line)) => {
                extract.update_progress(Counts { conversations: 0, messages: 1 });
                lines.push(line);
                Import::Reading { extract, lines }
            }
            (Import::Reading { extract, lines }, Command::Finish) => Import::Read { extracted: extract.complete(())?, lines },
            (Import::Reading { extract, .. }, Command::GiveUp) => {
                self.history.push(extract.fail("the user gave up")?.erase());
                Import::None
            }
            (Import::Read { extracted, lines }, Command::Finish) => {
                println!("{} lines are in: {}", lines.len(), lines.join(", "));
                self.history.push(extracted.erase());
                Import::None
            }
            (as_it_was, command) => {
                println!("{command:?} makes no sense now");
                as_it_was
            }
        };
        Ok(())
    }

    /// Takes the last run up again if it failed while reading. If not, it stays where it was.
    fn retry_last(&mut self) -> Result<Import, Error> {
        let Some(last) = self.history.pop() else { return Ok(Import::None) };
        match last.try_into_state::<Failed<Extract>, Etl>() {
            Ok(failed) => Ok(Import::Reading { extract: failed.retry()?, lines: Vec::new() }),
            Err(mismatch) => {
                println!("nothing to retry: {mismatch}");
                self.history.push(mismatch.into_context());
                Ok(Import::None)
            }
        }
    }
}

fn main() -> Result<(), Error> {
    let mut window = Window::default();
    let commands = [
        Command::Finish,
        Command::Begin("monday"),
        Command::Read("ada: the build is green"),
        Command::GiveUp,
        Command::RetryLast,
        Command::Read("ada: the build is red"),
        Command::Read("bob: again"),
        Command::Finish,
        Command::Read("bob: too late"),
        Command::Finish,
        Command::RetryLast,
        Command::Begin("tuesday"),
        Command::GiveUp,
    ];
    for command in commands {
        window.handle(command)?;
    }

    for run in &window.history {
        println!("\n{}", run.get_summary());
    }
    Ok(())
}
