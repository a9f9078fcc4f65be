//! The ceiling of Cassandra: the driver alone, sending rows that lie ready in memory in the requests that the engine's
//! sink makes, so many of them at once. Nothing else is done: no retries, no books.
//!
//!     bench_driver --contact 127.0.0.1:9042 --keyspace k --rows FILE [--window 64] [--threads 1] [--rows-per-request N]
//!
//! FILE is what bench_record_rows wrote (rows_file.h). With --rows-per-request its requests are cut anew, from
//! neighbouring rows of one partition. The last line on standard output is one JSON object.

mod arguments;

use arguments::Arguments;
use futures::{stream, StreamExt};
use scylla::{
    client::{session::Session, session_builder::SessionBuilder},
    serialize::{
        row::{RowSerializationContext, SerializeRow},
        writers::RowWriter,
        SerializationError,
    },
    statement::{
        batch::{Batch, BatchType},
        prepared::PreparedStatement,
    },
};
use std::{error::Error, fs, time::Instant};
use tokio::runtime::{Builder, Runtime};

const KEYSPACE_PLACEHOLDER: &str = "keyspace_of_the_run";
/// The places of the partition key's columns in the report's table: name, hour, date.
const PARTITION_CELLS: [usize; 3] = [1, 4, 5];

/// One row's cells, in wire form.
#[derive(Clone, Copy)]
struct Row<'a>(&'a [u8]);

impl<'a> Row<'a> {
    /// The value of each cell; nothing where it is NULL or unset. The flag says which.
    fn cells(self) -> impl Iterator<Item = (i32, &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (length, tail) = rest.split_first_chunk::<4>()?;
            let length = i32::from_be_bytes(*length);
            let (value, tail) = tail.split_at(length.max(0) as usize);
            rest = tail;
            Some((length, value))
        })
    }

    fn same_partition(self, other: Row) -> bool {
        let key = |row: Row<'a>| row.cells().enumerate().filter(|(place, _)| PARTITION_CELLS.contains(place));
        let other = Row(other.0).cells().enumerate().filter(|(place, _)| PARTITION_CELLS.contains(place));
        key(self).eq(other)
    }
}

impl SerializeRow for Row<'_> {
    fn serialize(&self, _: &RowSerializationContext, writer: &mut RowWriter) -> Result<(), SerializationError> {
        for (length, value) in self.cells() {
            let cell = writer.make_cell_writer();
            match length {
                -1 => cell.set_null(),
                -2 => cell.set_unset(),
                _ => cell.set_value(value).map_err(SerializationError::new)?,
            };
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads the file's numbers and texts, one after another.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> usize {
        let (number, rest) = self.0.split_first_chunk::<4>().expect("the file of rows ends in the middle");
        self.0 = rest;
        u32::from_ne_bytes(*number) as usize
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = self.number();
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }

    fn request(&mut self, width: usize) -> Vec<Row<'a>> {
        let count = self.number();
        let mut cells = self.bytes();
        let rows = (0..count).map(|_| {
            let size: usize = Row(cells).cells().take(width).map(|(_, value)| 4 + value.len()).sum();
            let (row, rest) = cells.split_at(size);
            cells = rest;
            Row(row)
        });
        rows.collect()
    }
}

/// Neighbouring rows of one partition, at most `limit` of them in a request.
fn cut_anew<'a>(requests: Vec<Vec<Row<'a>>>, limit: usize) -> Vec<Vec<Row<'a>>> {
    let mut cut: Vec<Vec<Row>> = Vec::new();
    for row in requests.into_iter().flatten() {
        match cut.last_mut() {
            Some(last) if last.len() < limit && last[0].same_partition(row) => last.push(row),
            _ => cut.push(vec![row]),
        }
    }
    cut
}

/// A batch of n statements for each n that is needed.
fn batches(statement: &PreparedStatement, most: usize) -> Vec<Batch> {
    (0..=most)
        .map(|count| {
            let mut batch = Batch::new(BatchType::Unlogged);
            (0..count).for_each(|_| batch.append_statement(statement.clone()));
            batch.set_is_idempotent(true);
            batch
        })
        .collect()
}

async fn send(
    session: &Session,
    statement: &PreparedStatement,
    batches: &[Batch],
    request: &[Row<'_>],
) -> Result<(), Box<dyn Error>> {
    match request {
        [row] => drop(session.execute_unpaged(statement, row).await?),
        rows => drop(session.batch(&batches[rows.len()], rows).await?),
    }
    Ok(())
}

fn runtime(threads: usize) -> std::io::Result<Runtime> {
    match threads {
        0 => Builder::new_current_thread().enable_all().build(),
        count => Builder::new_multi_thread().worker_threads(count).enable_all().build(),
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let file = fs::read(arguments.text("rows"))?;
    let mut reader = Reader(&file);
    let definition = String::from_utf8(reader.bytes().to_vec())?;
    let insert = String::from_utf8(reader.bytes().to_vec())?;
    let width = String::from_utf8(reader.bytes().to_vec())?.split(' ').count();
    let mut requests = Vec::new();
    while !reader.0.is_empty() {
        requests.push(reader.request(width));
    }
    let limit: usize = arguments.number("rows-per-request", 0);
    if limit > 0 {
        requests = cut_anew(requests, limit);
    }

    let session = SessionBuilder::new().known_node(arguments.text("contact")).build().await?;
    let keyspace = arguments.text("keyspace");
    session
        .query_unpaged(
            format!(
                "CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = \
                 {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
            ),
            (),
        )
        .await?;
    session.query_unpaged(definition.replace(KEYSPACE_PLACEHOLDER, keyspace), ()).await?;
    let mut statement = session.prepare(insert.replace(KEYSPACE_PLACEHOLDER, keyspace)).await?;
    statement.set_is_idempotent(true);
    let batches = batches(&statement, requests.iter().map(Vec::len).max().unwrap_or(0));

    let started = Instant::now();
    let mut outcomes = stream::iter(&requests)
        .map(|request| send(&session, &statement, &batches, request))
        .buffer_unordered(arguments.number("window", 64));
    while let Some(outcome) = outcomes.next().await {
        outcome?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let rows: usize = requests.iter().map(Vec::len).sum();
    println!(
        "{{\"consumed\": {rows}, \"matched\": {rows}, \"seconds\": {seconds:.6}, \"startup_seconds\": {:.6}, \
         \"requests\": {}}}",
        (started - begun).as_secs_f64(),
        requests.len()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read();
    runtime(arguments.number("threads", 1))?.block_on(run(&arguments))
}
