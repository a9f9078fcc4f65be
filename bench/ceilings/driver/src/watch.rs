//! Watches a table for the rows of the plays that bench_events sends at a rate, and says how long after it was due each
//! became visible to a reader.
//!
//!     bench_watch --contact 127.0.0.1:9042 --keyspace k --start-at-us T --expect N [--skip-s 5] [--limit-s 60]
//!
//! Plays of the watched person are one partition of the table and alone in their partition of Kafka, so that their
//! offsets have no gaps: one SELECT from the first offset that is missing finds all that is new. A row is counted when
//! the answer that holds it is here, so that a figure is never too small. The row's id is the microsecond after
//! --start-at-us at which its play was due. Plays that were due in the first seconds (--skip-s) are watched and not
//! counted. --expect is how many rows come in all. The last line on standard output is one JSON object.

mod arguments;

use arguments::Arguments;
use hdrhistogram::Histogram;
use scylla::{
    client::{execution_profile::ExecutionProfile, session::Session, session_builder::SessionBuilder},
    statement::{prepared::PreparedStatement, Consistency},
};
use std::{
    collections::BTreeSet,
    error::Error,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::runtime::Builder;

const PARTITION_OF_THE_WATCHED: i32 = 0;
const PAUSE: Duration = Duration::from_micros(500);

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970").as_micros() as i64
}

fn millis(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// Latencies in microseconds, of an hour at most, with three significant digits. With bounds, for saturating_record() does
/// not make a histogram larger: it would take every value for one of its first few.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds and three digits are allowed")
}

struct Watch {
    start_us: i64,
    skip_us: i64,
    /// Every offset below has been seen, and of the others these.
    complete_to: i64,
    beyond: BTreeSet<i64>,
    seen: u64,
    all: Histogram<u64>,
    by_second: Vec<Histogram<u64>>,
    asking: Histogram<u64>,
}

impl Watch {
    fn note(&mut self, offset: i64, id: i32, now: i64) {
        if offset < self.complete_to || !self.beyond.insert(offset) {
            return;
        }
        while self.beyond.remove(&self.complete_to) {
            self.complete_to += 1;
        }
        self.seen += 1;
        let due = i64::from(id);
        if due < self.skip_us {
            return;
        }
        let latency = (now - self.start_us - due).max(1) as u64;
        self.all.saturating_record(latency);
        let second = (due / 1_000_000) as usize;
        if self.by_second.len() <= second {
            self.by_second.resize_with(second + 1, histogram);
        }
        self.by_second[second].saturating_record(latency);
    }

    async fn look(&mut self, session: &Session, select: &PreparedStatement) -> Result<(), Box<dyn Error>> {
        let asked = Instant::now();
        let page = session.execute_unpaged(select, (self.complete_to,)).await?;
        let now = now_us();
        self.asking.saturating_record(asked.elapsed().as_micros() as u64);
        for row in page.into_rows_result()?.rows::<(i64, i32)>()? {
            let (offset, id) = row?;
            self.note(offset, id, now);
        }
        Ok(())
    }

    fn report(&self) -> String {
        let at = |quantile| millis(self.all.value_at_quantile(quantile));
        let seconds: Vec<String> = (self.by_second.iter().enumerate())
            .filter(|(_, second)| !second.is_empty())
            .map(|(number, second)| {
                format!("[{number}, {:.3}, {:.3}]", millis(second.value_at_quantile(0.5)), millis(second.max()))
            })
            .collect();
        format!(
            "{{\"seen\": {}, \"counted\": {}, \"p50_ms\": {:.3}, \"p90_ms\": {:.3}, \"p99_ms\": {:.3}, \"p99_9_ms\": {:.3}, \
             \"max_ms\": {:.3}, \"mean_ms\": {:.3}, \"asked\": {}, \"asking_p50_ms\": {:.3}, \"by_second\": [{}]}}",
            self.seen,
            self.all.len(),
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            millis(self.all.max()),
            self.all.mean() / 1000.0,
            self.asking.len(),
            millis(self.asking.value_at_quantile(0.5)),
            seconds.join(", ")
        )
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let profile = ExecutionProfile::builder().consistency(Consistency::One).build();
    let session = SessionBuilder::new()
        .known_node(arguments.text("contact"))
        .default_execution_profile_handle(profile.into_handle())
        .build()
        .await?;
    let select = session
        .prepare(format!(
            "SELECT kafka_offset, id FROM {}.listening_history WHERE name = 'Watched' AND date = '2024-03-03' AND hour = 9 \
             AND time = '2024-03-03 09:50' AND kafka_partition = {PARTITION_OF_THE_WATCHED} AND kafka_offset >= ?",
            arguments.text("keyspace")
        ))
        .await?;
    let expected: u64 = arguments.number("expect", 0);
    let start_us: i64 = arguments.number("start-at-us", 0);
    let limit_us = arguments.number("limit-s", 60) * 1_000_000;
    let mut watch = Watch {
        start_us,
        skip_us: arguments.number("skip-s", 5) * 1_000_000,
        complete_to: 0,
        beyond: BTreeSet::new(),
        seen: 0,
        all: histogram(),
        by_second: Vec::new(),
        asking: histogram(),
    };
    while watch.seen < expected && now_us() - start_us < limit_us {
        watch.look(&session, &select).await?;
        tokio::time::sleep(PAUSE).await;
    }
    println!("{}", watch.report());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_all().build()?.block_on(run(&Arguments::read()))
}
