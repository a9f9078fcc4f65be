//! A publish-only HTTP server. `include/bridge_http.h` is the contract; this file is its door.

mod guard;
mod live;
mod negotiate;
mod reply;
mod server;
mod site;

pub use server::THREAD;

use crate::{
    abi::{needed, report, ErrorOut, Text},
    bug,
    errors::{Code, Failure},
    session::ignore_sigpipe,
};
use server::{Options, Server};
use site::Given;
use std::{ptr, slice, sync::atomic::Ordering::Relaxed, time::Duration};

const BODY_BYTES: usize = 1 << 20;
const BODIES: u32 = 8;
const PUBLIC: u32 = 1;

#[repr(C)]
pub struct OptionsIn {
    address: Text,
    token: Text,
    hosts: Text,
    certificate_file: Text,
    key_file: Text,
    version: Text,
    panic_path: Text,
    port: u16,
    connections: u16,
    reserve: u16,
    live_clients: u16,
    header_timeout_ms: u32,
    write_timeout_ms: u32,
    heartbeat_ms: u32,
    stale_after_ms: u32,
    nice: i32,
}

#[repr(C)]
pub struct BodyIn {
    content_type: Text,
    content_encoding: Text,
    data: *const u8,
    length: usize,
}

#[repr(C)]
pub struct CountersOut([u64; 9]);

/// # Safety
/// As `bridge_http.h` says; that holds for every function below.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_start(options: *const OptionsIn, error: *mut ErrorOut) -> *mut Server {
    let outcome = (|| {
        let given = needed(options.cast_mut(), "options")?;
        bug::report_panics(given.version.borrow("program's version")?);
        ignore_sigpipe();
        Server::start(&options_in(given)?).map_err(|message| Failure::new(Code::Other, message))
    })();
    report(outcome.map(|server| Box::into_raw(Box::new(server))), error, ptr::null_mut())
}

/// # Safety
/// See `bridge_http_start`.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_port(server: *const Server) -> u16 {
    server.as_ref().map_or(0, |server| server.port)
}

/// # Safety
/// See `bridge_http_start`.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_publish(
    server: *const Server,
    path: Text,
    bodies: *const BodyIn,
    count: u32,
    flags: u32,
    error: *mut ErrorOut,
) -> i32 {
    let outcome = (|| {
        let server = shared(server)?;
        if count > BODIES || (bodies.is_null() && count > 0) {
            return Err(Failure::argument(format!("{count} bodies are too many, or they are NULL")));
        }
        let mut given = Vec::with_capacity(count as usize);
        for index in 0..count as usize {
            given.push(body_in(&*bodies.add(index), index)?);
        }
        server.app.site.publish(path.borrow("path")?, flags & PUBLIC != 0, given).map_err(Failure::argument)
    })();
    report(outcome.map(|()| 0), error, -1)
}

/// # Safety
/// See `bridge_http_start`.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_publish_event(server: *const Server, text: Text, error: *mut ErrorOut) -> i32 {
    let outcome = (|| {
        shared(server)?.app.site.publish_event(text.borrow("event")?);
        Ok(0)
    })();
    report(outcome, error, -1)
}

/// # Safety
/// See `bridge_http_start`.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_set_ready(server: *const Server, ready: i32, reason: Text) -> i32 {
    let (Ok(server), Ok(reason)) = (shared(server), reason.borrow("reason")) else { return -1 };
    server.app.site.set_ready(ready != 0, reason);
    0
}

/// # Safety
/// See `bridge_http_start`.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_set_healthy(server: *const Server, healthy: i32, reason: Text) -> i32 {
    let (Ok(server), Ok(reason)) = (shared(server), reason.borrow("reason")) else { return -1 };
    server.app.site.set_healthy(healthy != 0, reason);
    0
}

/// # Safety
/// See `bridge_http_start`.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_counters(server: *const Server, counters: *mut CountersOut) {
    let (Some(server), Some(out)) = (server.as_ref(), counters.as_mut()) else { return };
    let (live, counters) = (&server.app.live, &server.app.counters);
    let read = [
        &counters.connections,
        &counters.open,
        &counters.evicted,
        &counters.reserved,
        &counters.requests,
        &counters.refused,
        &counters.panics,
        &live.count,
        &live.dropped,
    ];
    out.0 = read.map(|counter| counter.load(Relaxed));
}

/// # Safety
/// See `bridge_http_start`.
#[no_mangle]
pub unsafe extern "C" fn bridge_http_stop(server: *mut Server) -> i32 {
    if server.is_null() || Box::from_raw(server).stop() {
        return 0;
    }
    -1
}

/// A server that several threads may use at a time.
///
/// # Safety
/// `server` came from `bridge_http_start` and was not stopped, or is NULL.
unsafe fn shared<'a>(server: *const Server) -> Result<&'a Server, Failure> {
    server.as_ref().ok_or_else(|| Failure::argument("the server is NULL"))
}

/// # Safety
/// Every text of the options is valid.
unsafe fn options_in<'a>(given: &'a OptionsIn) -> Result<Options<'a>, Failure> {
    let or = |given: u32, default: u32| if given == 0 { default } else { given };
    let ms = |given: u32, default: u32| Duration::from_millis(or(given, default).into());
    let address = given.address.borrow("address")?;
    Ok(Options {
        address: if address.is_empty() { "127.0.0.1" } else { address },
        token: given.token.borrow("token")?,
        hosts: given.hosts.borrow("list of hosts")?,
        certificate_file: given.certificate_file.borrow("path of the certificate")?,
        key_file: given.key_file.borrow("path of the key")?,
        panic_path: given.panic_path.borrow("path for tests")?,
        port: given.port,
        connections: or(given.connections.into(), 256) as usize,
        reserve: or(given.reserve.into(), 8) as usize,
        live_clients: or(given.live_clients.into(), 64) as usize,
        header_timeout: ms(given.header_timeout_ms, 5_000),
        write_timeout: ms(given.write_timeout_ms, 10_000),
        heartbeat: ms(given.heartbeat_ms, 15_000),
        stale_after_ms: given.stale_after_ms.into(),
        nice: given.nice,
    })
}

/// # Safety
/// The texts and the data of the body are valid.
unsafe fn body_in<'a>(body: &'a BodyIn, index: usize) -> Result<Given<'a>, Failure> {
    if body.length > BODY_BYTES {
        return Err(Failure::argument(format!("body {index} has more than {BODY_BYTES} bytes")));
    }
    if body.data.is_null() && body.length > 0 {
        return Err(Failure::argument(format!("body {index} is NULL but has a length")));
    }
    let bytes = match body.length {
        0 => &[],
        // SAFETY: the caller promises `length` readable bytes.
        length => slice::from_raw_parts(body.data, length),
    };
    let content_type = body.content_type.borrow("content type")?;
    Ok(Given { content_type, encoding: body.content_encoding.borrow("content encoding")?, bytes })
}
