//! Inside tokio: a phase that awaits, is asked to stop, is cut off, and goes on where it was.
//!
//! Six pages are fetched from a chat server, one after the other. In the first night the service is shut down: the phase is
//! *asked*, and leaves after the page that it is at. In the second night a deadline *drops* the future in the middle of a
//! page, which is recorded too. In the third night nothing is in the way. Each night goes on from the last checkpoint.
//!
//! ```text
//! cargo run --example tokio_import
//! ```

use std::error::Error;
use std::time::Duration;

use etl_context::{Completed, Context, Counts, Extract, Idle, MemoryJournal, Run, RunningPhase, Stopped, pipeline};
use tokio::time::{sleep, timeout};

pipeline! {
    /// This job does nothing but extract.
    ChatImport {
        Extract after Idle;
    }
}

const PAGES: u64 = 6;
const TIME_FOR_A_PAGE: Duration = Duration::from_millis(200);

/// What a phase of a service returns: any error, from any thread.
type Failure = Box<dyn Error + Send + Sync>;

/// The clock of tokio is paused here: it jumps to the next timer, so the example takes no time and ends the same every time.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Failure> {
    // The nights of this example share a process. A service that is started anew takes a `FileJournal`.
    let journal = MemoryJournal::new();
    let tonight = || Run::builder("chat-import").journal(journal.clone()).begin::<ChatImport>();

    println!("first night");
    let context = tonight()?;
    let stopper = context.stopper();
    let import = tokio::spawn(import(context)); // a context is `Send`, whatever its state
    let shutdown = async {
        sleep(Duration::from_millis(300)).await; // or `tokio::signal::ctrl_c().await`
        stopper.stop();
    };
    let (outcome, ()) = tokio::join!(import, shutdown);
    match outcome? {
        Err(failure) if failure.is::<Stopped>() => println!("  stopped, as we asked"),
        other => drop(other?),
    }

    println!("second night");
    if timeout(Duration::from_millis(500), self::import(tonight()?)).await.is_err() {
        println!("  too late: the future was dropped while it waited for a page");
    }

    println!("third night");
    let extracted = self::import(tonight()?).await?;
    println!("\n{}", extracted.summary());
    Ok(())
}

/// The phase begins, and ends as its future ends. To go on with the context after a failure, take both from the error with
/// `into_parts`; here the error of the work is all that the caller wants.
async fn import(context: Context<Idle, ChatImport>) -> Result<Context<Completed<Extract>, ChatImport>, Failure> {
    match context.phase(Extract).run_async(fetch_all).await {
        Ok((extracted, ())) => Ok(extracted),
        Err(failure) => Err(failure.into_parts()?.1),
    }
}

/// Fetches the pages that are not on record yet. Between two pages is a good place to stop.
async fn fetch_all(extract: &mut RunningPhase<'_, Extract>) -> Result<(), Failure> {
    let first = extract.resume_point()?.unwrap_or(1);
    for page in first..=PAGES {
        extract.check_cancelled()?;
        let messages = fetch(page).await;
        println!("  page {page}");
        extract.update_progress(Counts { conversations: 0, messages });
        extract.checkpoint(&(page + 1))?;
    }
    Ok(())
}

/// Stands for a request: the number of messages on the page.
async fn fetch(page: u64) -> u64 {
    sleep(TIME_FOR_A_PAGE).await;
    page * 10
}
