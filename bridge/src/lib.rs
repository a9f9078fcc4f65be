//! Cassandra's driver in a static library. `include/bridge.h` is the contract; this file is its door:
//! each function checks what it was given, calls the module that does the work, and reports the outcome.
//! The HTTP server in `http/` has a door of its own.
//!
//! Panics abort (see `bug.rs`), so that none can unwind into C++; on the HTTP server's thread one ends a connection.

mod abi;
mod ask;
mod bug;
mod completions;
mod errors;
mod http;
mod query;
mod session;
mod submit;
mod tls;
mod types;

use abi::{needed, report, ColumnOut, CompletionOut, ErrorOut, OptionsIn, PageOut, RowsIn, Text};
use errors::Failure;
use query::Query;
use session::{Options, Session};
use std::{ptr, slice, time::Duration};

#[no_mangle]
pub extern "C" fn bridge_version() -> Text {
    Text::lend(env!("CARGO_PKG_VERSION"))
}

/// For tests only.
#[no_mangle]
pub extern "C" fn bridge_panic() {
    panic!("a panic that was asked for");
}

/// # Safety
/// As `bridge.h` says; that holds for every function below.
#[no_mangle]
pub unsafe extern "C" fn bridge_connect(options: *const OptionsIn, error: *mut ErrorOut) -> *mut Session {
    let outcome = (|| {
        let given = needed(options.cast_mut(), "options")?;
        bug::report_panics(given.version.borrow("program's version")?);
        Session::connect(&options_in(given)?)
    })();
    report(outcome.map(into_handle), error, ptr::null_mut())
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_check_options(options: *const OptionsIn, error: *mut ErrorOut) -> i32 {
    let outcome = (|| options_in(needed(options.cast_mut(), "options")?)?.check())();
    report(outcome.map(|()| 0), error, -1)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_close(session: *mut Session) {
    close(session);
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_execute(session: *mut Session, cql: Text, error: *mut ErrorOut) -> i32 {
    let outcome = (|| needed(session, "session")?.execute(cql.borrow("statement")?))();
    report(outcome.map(|()| 0), error, -1)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_prepare(session: *mut Session, cql: Text, error: *mut ErrorOut) -> i64 {
    let outcome = (|| needed(session, "session")?.prepare(cql.borrow("statement")?))();
    report(outcome, error, -1)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_statement_width(session: *const Session, statement: i64) -> u32 {
    let prepared = session.as_ref().and_then(|session| session.statement(statement));
    prepared.map_or(0, |prepared| prepared.columns.len() as u32)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_statement_column(session: *const Session, statement: i64, index: u32) -> ColumnOut {
    let prepared = session.as_ref().and_then(|session| session.statement(statement));
    ColumnOut::lend(prepared.and_then(|prepared| prepared.columns.get(index as usize)))
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_submit(
    session: *mut Session,
    statement: i64,
    rows: *const RowsIn,
    token: u64,
    error: *mut ErrorOut,
) -> i32 {
    let outcome = (|| {
        let session = needed(session, "session")?;
        let rows = needed(rows.cast_mut(), "rows")?;
        session.submit(statement, rows.cells()?, rows.count, token)
    })();
    report(outcome.map(|()| 0), error, -1)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_ask(
    session: *mut Session,
    statements: *const Text,
    count: u32,
    token: u64,
    error: *mut ErrorOut,
) -> i32 {
    let outcome = (|| {
        let session = needed(session, "session")?;
        if statements.is_null() || count == 0 {
            return Err(Failure::argument("nothing is asked"));
        }
        let texts = slice::from_raw_parts(statements, count as usize);
        let texts: Result<Vec<_>, _> = texts.iter().map(|text| text.borrow("statement").map(str::to_owned)).collect();
        session.ask(texts?, token);
        Ok(())
    })();
    report(outcome.map(|()| 0), error, -1)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_poll(
    session: *mut Session,
    completions: *mut CompletionOut,
    capacity: u32,
    timeout_ms: i32,
) -> i32 {
    let Some(session) = session.as_mut() else { return -1 };
    if completions.is_null() || capacity > i32::MAX as u32 {
        return -1;
    }
    let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
    let answers = &mut session.answers;
    answers.clear();
    let count = session.completions.drain(capacity as usize, timeout, |index, completion| {
        // SAFETY: the caller gave room for `capacity` completions, and `index` is below it.
        let out = unsafe { &mut *completions.add(index) };
        out.token = completion.token;
        out.error.set(completion.failure.as_ref());
        out.answer = PageOut::lend(&completion.answer.cells, completion.answer.count);
        // Moved, its cells stay where they are.
        if completion.answer.count > 0 {
            answers.push(completion.answer);
        }
    });
    count as i32
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_wait_fd(session: *const Session) -> i32 {
    session.as_ref().map_or(-1, |session| session.completions.fd())
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_query_open(
    session: *mut Session,
    cql: Text,
    page_size: u32,
    error: *mut ErrorOut,
) -> *mut Query {
    let outcome = (|| Query::open(needed(session, "session")?, cql.borrow("statement")?, page_size))();
    report(outcome.map(into_handle), error, ptr::null_mut())
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_query_close(query: *mut Query) {
    close(query);
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_query_width(query: *const Query) -> u32 {
    query.as_ref().map_or(0, |query| query.columns.len() as u32)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_query_column(query: *const Query, index: u32) -> ColumnOut {
    ColumnOut::lend(query.as_ref().and_then(|query| query.columns.get(index as usize)))
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_query_next(query: *mut Query, page: *mut PageOut, error: *mut ErrorOut) -> i32 {
    let outcome = (|| {
        let query = needed(query, "query")?;
        let out = needed(page, "page")?;
        Ok(match query.next_page()? {
            Some(page) => {
                *out = PageOut::lend(&page.cells, page.count);
                1
            }
            None => 0,
        })
    })();
    report(outcome, error, -1)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_query_warnings(query: *const Query) -> u32 {
    query.as_ref().map_or(0, |query| query.warnings.len() as u32)
}

/// # Safety
/// See `bridge_connect`.
#[no_mangle]
pub unsafe extern "C" fn bridge_query_warning(query: *const Query, index: u32) -> Text {
    let warning = query.as_ref().and_then(|query| query.warnings.get(index as usize));
    warning.map_or(Text::EMPTY, |warning| Text::lend(warning))
}

/// # Safety
/// Every text of the options is valid.
unsafe fn options_in<'a>(given: &'a OptionsIn) -> Result<Options<'a>, Failure> {
    Ok(Options {
        contact_points: given.contact_points.borrow("list of contact points")?,
        username: given.username.borrow("user name")?,
        password: given.password.borrow("password")?,
        ca_file: given.ca_file.borrow("path of the certificates")?,
        certificate_file: given.certificate_file.borrow("path of the client's certificate")?,
        key_file: given.key_file.borrow("path of the client's key")?,
        consistency: given.consistency.borrow("consistency level")?,
        local_dc: given.local_dc.borrow("name of the data centre")?,
        io_threads: given.io_threads,
        request_timeout_ms: given.request_timeout_ms,
        connect_timeout_ms: given.connect_timeout_ms,
    })
}

fn into_handle<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// # Safety
/// `handle` came from `into_handle` and is not used again, or is NULL.
unsafe fn close<T>(handle: *mut T) {
    if !handle.is_null() {
        drop(Box::from_raw(handle));
    }
}
