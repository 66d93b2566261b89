//! A week of nights, the same to the microsecond each time: journals written line by line, as the format says.

use std::fs;
use std::path::Path;

/// A journal that is being written.
struct Journal {
    lines: String,
    events: u32,
}

impl Journal {
    /// A run of the pipeline, with phases in this order.
    fn begun(day: &str, id: u32, phases: &[&str]) -> Self {
        let mut after = "Idle";
        let mut edges = Vec::new();
        for phase in phases {
            edges.push(format!("{{\"phase\":\"{phase}\",\"after\":\"{after}\"}}"));
            after = phase;
        }
        let mut journal = Journal { lines: String::new(), events: 0 };
        journal.push(&format!(
            "\"event\":\"run_began\",\"time\":\"{day}T03:00:00.25Z\",\"run_id\":\"019ca71f-b900-7a3c-8f5e-6d2b41c0{id:04x}\",\
             \"name\":\"taxi\",\"pipeline\":{{\"name\":\"Nightly\",\"edges\":[{}]}},\"metadata\":{{\"key\":\"{day}\"}}",
            edges.join(",")
        ));
        journal
    }

    fn push(&mut self, fields: &str) {
        let first = if self.events == 0 { "\"format\":\"etl-context-journal\",\"version\":1," } else { "" };
        let line = format!("{{{first}\"seq\":{},{fields}", self.events);
        let checksum = format!("{:08x}", crc32(line.as_bytes()));
        self.lines.extend([&line, ",\"crc\":\"", &checksum, "\"}\n"]);
        self.events += 1;
    }

    fn started(&mut self, day: &str, clock: &str, phase: &str, attempt: u32) {
        self.push(&format!(
            "\"event\":\"phase_started\",\"time\":\"{day}T{clock}Z\",\"phase\":\"{phase}\",\"attempt\":{attempt},\
             \"totals\":{{\"rides\":0,\"bytes\":0}}"
        ));
    }

    /// An attempt from one moment of the day to another.
    fn attempt(&mut self, day: &str, [from, until]: [&str; 2], phase: &str, attempt: u32, rides: u64, rest: &str) {
        self.started(day, from, phase, attempt);
        let took = 1_000_000 * (seconds(until) - seconds(from));
        self.push(&format!(
            "\"event\":\"phase_ended\",\"time\":\"{day}T{until}Z\",\"phase\":\"{phase}\",\"attempt\":{attempt},{rest},\
             \"start_time\":\"{day}T{from}Z\",\"duration_microseconds\":{took},\"counts\":{{\"rides\":{rides},\"bytes\":{}}},\
             \"totals\":{{\"rides\":0,\"bytes\":0}}",
            rides * 88
        ));
    }

    fn keep(&self, folder: &Path, key: &str) {
        let folder = folder.join("runs/taxi");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{key}.jsonl")), &self.lines).unwrap();
    }
}

fn seconds(clock: &str) -> u64 {
    clock.split(':').fold(0, |sum, part| 60 * sum + part.parse::<u64>().unwrap())
}

/// The CRC-32 of gzip.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

const COMPLETED: &str = "\"status\":\"completed\"";
const NO_DISK: &str = "\"status\":\"failed\",\"cause\":\"error\",\"error\":{\"message\":\"cannot store ride 31,877\",\"sources\":[\"the disk is full\"]}";
const REJECTED: &str = "\"status\":\"completed\",\"rejected\":{\"reasons\":[\
                        {\"reason\":\"no fare\",\"rows\":2,\"samples\":[\"\\\"12,Harlem,\\\"\",\"\\\"40,SoHo,\\\"\"]},\
                        {\"reason\":\"the pick-up is not a time\",\"rows\":37,\"samples\":[\"\\\"7,yesterday,900\\\"\"]}],\"others\":1}";

/// Six nights of the job `taxi` in the folder `runs`: three that completed, one of them at the second attempt, one that failed, one that
/// died, and one that has not begun with a phase.
pub(crate) fn write(folder: &Path) {
    let phases = ["fetch", "store"];
    for (number, (day, rides)) in [("2026-11-20", 40_012), ("2026-11-21", 38_950)].into_iter().enumerate() {
        let mut journal = Journal::begun(day, u32::try_from(number).unwrap(), &phases);
        journal.attempt(day, ["03:00:01", "03:02:06"], "fetch", 1, rides, if number == 0 { COMPLETED } else { REJECTED });
        journal.attempt(day, ["03:02:07", "03:02:48"], "store", 1, rides, COMPLETED);
        journal.keep(folder, day);
    }
    let day = "2026-11-22";
    let mut journal = Journal::begun(day, 2, &phases);
    journal.attempt(day, ["03:00:01", "03:01:59"], "fetch", 1, 41_377, COMPLETED);
    journal.attempt(day, ["03:02:00", "03:02:30"], "store", 1, 31_876, NO_DISK);
    journal.keep(folder, day);

    let day = "2026-11-23";
    let mut journal = Journal::begun(day, 3, &["fetch", "check", "store"]);
    journal.attempt(day, ["03:00:01", "03:00:14"], "fetch", 1, 3_991, COMPLETED);
    journal.attempt(day, ["03:00:15", "03:00:16"], "check", 1, 3_991, COMPLETED);
    journal.attempt(day, ["03:00:17", "03:00:20"], "store", 1, 1_000, NO_DISK);
    journal.attempt(day, ["03:10:00", "03:10:04"], "store", 2, 3_991, COMPLETED);
    journal.keep(folder, day);

    let day = "2026-11-24";
    let mut journal = Journal::begun(day, 4, &phases);
    journal.attempt(day, ["03:00:01", "03:02:10"], "fetch", 1, 40_806, COMPLETED);
    journal.started(day, "03:02:11", "store", 1);
    journal.keep(folder, day);
    Journal::begun("2026-11-25", 5, &phases).keep(folder, "2026-11-25");
}
