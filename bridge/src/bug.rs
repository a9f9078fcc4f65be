//! What is said of a fault of this library itself: the sentence that `src/base/check.h` has for the program's own faults, so that an
//! operator knows what to report and that starting again is safe.

use std::{
    any::Any,
    io::{stderr, Write},
    panic,
    sync::Once,
};

/// From here on, a panic of any thread says so on stderr before it aborts. `version` is the program's.
pub fn report_panics(version: &str) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let version = version.to_owned();
        panic::set_hook(Box::new(move |info| {
            let (file, line) = info.location().map_or(("bridge", 0), |place| (place.file(), place.line()));
            // There is nobody to tell where stderr is gone.
            let _ = writeln!(stderr(), "{}", sentence(message(info.payload()), file, line, &version));
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
