//! A SELECT, read page by page into cells of the same form in which rows are sent.

use crate::{
    errors::{Carries, Code, Failure},
    session::{Connection, Session},
    types::Column,
};
use scylla::{
    deserialize::row::ColumnIterator,
    response::{
        query_result::{QueryResult, QueryRowsResult},
        PagingState, PagingStateResponse,
    },
    statement::unprepared::Statement,
};
use std::{fmt::Display, sync::Arc};

pub struct Query {
    connection: Arc<Connection>,
    statement: Statement,
    pub columns: Vec<Column>,
    page: Page,
    /// True while `page` is the first one, which opening the query has fetched and nobody has seen.
    unread: bool,
    /// Where the next page begins; nothing behind the last one.
    next: Option<PagingState>,
    /// What the server had to say about the statement, each sentence once: it says it again with every page.
    pub warnings: Vec<String>,
}

/// A server that words every page's warning anew must not fill the memory.
const WARNINGS_LIMIT: usize = 100;

/// Rows as cells. The buffer is used again for every page.
#[derive(Default)]
pub struct Page {
    pub cells: Vec<u8>,
    pub count: u32,
}

impl Query {
    pub fn open(session: &Session, cql: &str, page_size: u32) -> Result<Query, Failure> {
        let page_size = i32::try_from(page_size)
            .ok()
            .filter(|size| *size > 0)
            .ok_or_else(|| Failure::argument(format!("{page_size} is not a page size")))?;
        let mut query = Query {
            connection: Arc::clone(&session.connection),
            statement: Statement::new(cql).with_page_size(page_size),
            columns: Vec::new(),
            page: Page::default(),
            unread: false,
            next: None,
            warnings: Vec::new(),
        };
        query.unread = query.fetch(PagingState::start())?;
        Ok(query)
    }

    /// The next page, or nothing behind the last one. After an error the same page may be asked for again.
    pub fn next_page(&mut self) -> Result<Option<&Page>, Failure> {
        if !self.unread {
            match &self.next {
                Some(state) => self.fetch(state.clone())?,
                None => return Ok(None),
            };
        }
        self.unread = false;
        Ok(Some(&self.page))
    }

    /// Fetches a page and notes where the next one begins. False where the statement returns no rows at all.
    fn fetch(&mut self, state: PagingState) -> Result<bool, Failure> {
        let connection = &self.connection;
        let (result, paging) = connection.wait(connection.request_timeout, async {
            let outcome = connection.driver.query_single_page(self.statement.clone(), (), state).await;
            outcome.map_err(|error| connection.blame.execution(&error, Carries::Statement))
        })?;
        self.note_warnings(&result);
        let has_rows = self.copy(result)?;
        self.next = match paging {
            PagingStateResponse::HasMorePages { state } => Some(state),
            PagingStateResponse::NoMorePages => None,
        };
        Ok(has_rows)
    }

    fn note_warnings(&mut self, result: &QueryResult) {
        for warning in result.warnings() {
            if self.warnings.len() < WARNINGS_LIMIT && !self.warnings.iter().any(|known| known == warning) {
                self.warnings.push(warning.to_owned());
            }
        }
    }

    fn copy(&mut self, result: QueryResult) -> Result<bool, Failure> {
        self.page.cells.clear();
        self.page.count = 0;
        if !result.is_rows() {
            return Ok(false);
        }
        let rows = result.into_rows_result().map_err(|error| unreadable(&error))?;
        if self.columns.is_empty() {
            self.columns = rows.column_specs().iter().map(Column::of).collect();
        }
        self.page.count = append_rows(&mut self.page.cells, &rows)?;
        Ok(true)
    }
}

/// Puts the rows behind `cells`, and returns how many there are.
pub fn append_rows(cells: &mut Vec<u8>, rows: &QueryRowsResult) -> Result<u32, Failure> {
    let mut count = 0;
    cells.reserve(rows.rows_bytes_size());
    for row in rows.rows::<ColumnIterator>().map_err(|error| unreadable(&error))? {
        for column in row.map_err(|error| unreadable(&error))? {
            append_cell(cells, column.map_err(|error| unreadable(&error))?.slice.map(|cell| cell.as_slice()));
        }
        count += 1;
    }
    Ok(count)
}

pub fn unreadable(error: &dyn Display) -> Failure {
    Failure::new(Code::Other, format!("Cassandra's answer cannot be read: {error}"))
}

pub fn append_cell(cells: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(bytes) => {
            // A cell came in with an int32 length, so that its length fits one.
            cells.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
            cells.extend_from_slice(bytes);
        }
        None => cells.extend_from_slice(&(-1i32).to_be_bytes()),
    }
}
