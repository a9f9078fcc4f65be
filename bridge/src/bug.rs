//! What is said of a fault of this library itself: the sentence that `src/base/check.h` has for the program's own faults, so that an
//! operator knows what to report and that starting again is safe.
//!
//! A panic ends the process, for what its thread was to do would be left undone in silence. Not so on the HTTP server's thread: nobody's
//! request may end the pipeline, so the panic unwinds there, and the runtime ends the one connection. The crate is built to unwind for
//! that alone: elsewhere the hook aborts before anything unwinds, and `extern "C"` aborts at the border.

use crate::http;
use std::{
    any::Any,
    io::{stderr, Write},
    panic, process,
    sync::Once,
    thread,
};

/// From here on, a panic of any thread says so on stderr before it aborts. `version` is the program's.
pub fn report_panics(version: &str) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let version = version.to_owned();
        panic::set_hook(Box::new(move |info| {
            let (file, line) = info.location().map_or(("bridge", 0), |place| (place.file(), place.line()));
            let what = message(info.payload());
            // There is nobody to tell where stderr is gone.
            if thread::current().name() == Some(http::THREAD) {
                let _ = writeln!(stderr(), "{}", sentence_of_request(what, file, line, &version));
                return;
            }
            let _ = writeln!(stderr(), "{}", sentence(what, file, line, &version));
            process::abort();
        }));
    });
}

fn message(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}

fn sentence(what: &str, file: &str, line: u32, version: &str) -> String {
    format!(
        "turntable: bug: {} at {file}:{line} (version {version}). Please report this line, the command and its pipeline; \
         nothing that was not acknowledged has been committed, so it is safe to start again.",
        what.escape_debug()
    )
}

fn sentence_of_request(what: &str, file: &str, line: u32, version: &str) -> String {
    format!(
        "turntable: bug: {} at {file}:{line} (version {version}), on a request to the HTTP server. Please report this line; the \
         connection was closed, and the pipeline goes on.",
        what.escape_debug()
    )
}
