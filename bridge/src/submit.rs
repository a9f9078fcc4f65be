//! Rows on their way out: cells in wire form, checked once and handed to the driver as they are.

use crate::{
    ask::Answer,
    completions::Completion,
    errors::{Carries, Code, Failure},
    session::Session,
    types::Column,
};
use scylla::{
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
use std::{iter, sync::Arc};

const NULL_CELL: i32 = -1;
const UNSET_CELL: i32 = -2;

/// A prepared statement with the batches that repeat it. Building a batch of n statements clones the statement n times,
/// so each size is built once.
pub struct Prepared {
    statement: PreparedStatement,
    pub columns: Vec<Column>,
    batches: Vec<Option<Arc<Batch>>>,
}

impl Prepared {
    pub fn new(mut statement: PreparedStatement) -> Prepared {
        statement.set_is_idempotent(true);
        let columns = statement.get_variable_col_specs().iter().map(Column::of).collect();
        Prepared { statement, columns, batches: Vec::new() }
    }

    fn request(&mut self, count: usize) -> Request {
        match count {
            1 => Request::Single(self.statement.clone()),
            _ => Request::Batch(self.batch(count)),
        }
    }

    fn batch(&mut self, count: usize) -> Arc<Batch> {
        if self.batches.len() <= count {
            self.batches.resize(count + 1, None);
        }
        let batch = self.batches[count].get_or_insert_with(|| {
            let mut batch = Batch::new(BatchType::Unlogged);
            for _ in 0..count {
                batch.append_statement(self.statement.clone());
            }
            batch.set_is_idempotent(true);
            Arc::new(batch)
        });
        Arc::clone(batch)
    }
}

enum Request {
    Single(PreparedStatement),
    Batch(Arc<Batch>),
}

impl Session {
    /// Sends `count` rows. The outcome arrives in the completions; an error here means that nothing was sent.
    pub fn submit(&mut self, statement: i64, cells: &[u8], count: u32, token: u64) -> Result<(), Failure> {
        let prepared = usize::try_from(statement)
            .ok()
            .and_then(|number| self.statements.get_mut(number))
            .ok_or_else(|| Failure::argument(format!("{statement} is not the number of a prepared statement")))?;
        let ends = row_ends(cells, count as usize, prepared.columns.len())?;
        let request = prepared.request(ends.len());

        let cells: Box<[u8]> = cells.into();
        let driver = Arc::clone(&self.connection.driver);
        let completions = Arc::clone(&self.completions);
        let coordinators = Arc::clone(&self.coordinators);
        let blame = self.connection.blame.clone();
        self.connection.runtime().spawn(async move {
            let outcome = match request {
                Request::Single(statement) => driver.execute_unpaged(&statement, RowCells(&cells)).await,
                Request::Batch(batch) => {
                    let starts = iter::once(0).chain(ends.iter().copied());
                    let rows: Vec<RowCells> =
                        starts.zip(&ends).map(|(start, &end)| RowCells(&cells[start..end])).collect();
                    driver.batch(&batch, &rows).await
                }
            };
            let failure = match outcome {
                Ok(result) => {
                    coordinators.add(result.request_coordinator().node());
                    None
                }
                Err(error) => Some(blame.execution(&error, Carries::Rows)),
            };
            if failure.as_ref().is_some_and(|failure| failure.code == Code::Row) {
                coordinators.add_all(&driver);
            }
            completions.push(Completion { token, failure, answer: Answer::default() });
        });
        Ok(())
    }
}

/// Where each row ends. Refuses cells that are not exactly `count` rows of `width` cells, so that later code can trust them.
fn row_ends(cells: &[u8], count: usize, width: usize) -> Result<Vec<usize>, Failure> {
    if count == 0 || count > usize::from(u16::MAX) {
        return Err(Failure::argument(format!("{count} rows cannot be sent at once; 1 to 65535 can")));
    }
    let mut ends = Vec::with_capacity(count);
    let mut rest = cells;
    for row in 0..count {
        for cell in 0..width {
            rest = skip_cell(rest).ok_or_else(|| {
                Failure::argument(format!("cell {cell} of row {row} is not within the {} bytes given", cells.len()))
            })?;
        }
        ends.push(cells.len() - rest.len());
    }
    if !rest.is_empty() {
        return Err(Failure::argument(format!(
            "{} bytes are left over behind {count} rows of {width} cells",
            rest.len()
        )));
    }
    Ok(ends)
}

/// What follows the first cell; nothing where there is no whole cell.
fn skip_cell(cells: &[u8]) -> Option<&[u8]> {
    let (length, rest) = cells.split_first_chunk::<4>()?;
    match i32::from_be_bytes(*length) {
        NULL_CELL | UNSET_CELL => Some(rest),
        length => rest.get(usize::try_from(length).ok()?..),
    }
}

/// One row's cells, which `row_ends` has checked.
struct RowCells<'a>(&'a [u8]);

impl SerializeRow for RowCells<'_> {
    fn serialize(&self, _: &RowSerializationContext, writer: &mut RowWriter) -> Result<(), SerializationError> {
        let mut rest = self.0;
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let cell = writer.make_cell_writer();
            rest = match i32::from_be_bytes(*length) {
                NULL_CELL => {
                    cell.set_null();
                    tail
                }
                UNSET_CELL => {
                    cell.set_unset();
                    tail
                }
                length => {
                    let (value, tail) = tail.split_at(length as usize);
                    cell.set_value(value).map_err(SerializationError::new)?;
                    tail
                }
            };
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
