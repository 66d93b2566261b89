//! What was asked for on the command line?

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
run [--start NUMBER | --workers ADDRESS,… | --workers none] [--folder FOLDER] [--messages NUMBER] [--patience SECONDS]
worker ADDRESS [--ends-with-stdin]
tasks ADDRESS";

pub enum Command {
    Run { folder: PathBuf, messages: u64, workers: Workers, patience: Duration },
    Worker { address: String, ends_with_stdin: bool },
    Tasks { worker: SocketAddr },
}

pub enum Workers {
    /// So many, on loopback, for as long as the run lasts.
    Started(usize),
    /// None of them: queries run in this process.
    Listed(Vec<SocketAddr>),
}

pub fn read() -> Result<Command> {
    let mut arguments = env::args().skip(1);
    match arguments.next().as_deref() {
        None => run(arguments),
        Some("run") => run(arguments),
        Some("worker") => {
            let address = arguments.next().context(USAGE)?;
            let ends_with_stdin = arguments.next().as_deref() == Some("--ends-with-stdin");
            Ok(Command::Worker { address, ends_with_stdin })
        }
        Some("tasks") => Ok(Command::Tasks { worker: arguments.next().context(USAGE)?.parse()? }),
        Some(other) => bail!("`{other}` is no command:\n{USAGE}"),
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<Command> {
    let (mut folder, mut messages, mut workers) = (env::temp_dir().join("chat-statistics"), 400_000, Workers::Started(2));
    let mut patience = Duration::from_secs(20);
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("`{option}` needs a value:\n{USAGE}"))?;
        match option.as_str() {
            "--folder" => folder = value.into(),
            "--messages" => messages = value.parse().with_context(|| format!("`{value}` is no number of messages"))?,
            "--patience" => {
                patience = Duration::from_secs(value.parse().with_context(|| format!("`{value}` is no number of seconds"))?)
            }
            "--start" => workers = Workers::Started(value.parse().with_context(|| format!("`{value}` is no number"))?),
            "--workers" if value == "none" => workers = Workers::Listed(Vec::new()),
            "--workers" => workers = Workers::Listed(value.split(',').map(address).collect::<Result<_>>()?),
            other => bail!("`{other}` is no option:\n{USAGE}"),
        }
    }
    Ok(Command::Run { folder, messages, workers, patience })
}

fn address(text: &str) -> Result<SocketAddr> {
    text.parse().with_context(|| format!("`{text}` is no address of a worker, such as 127.0.0.1:5001"))
}
