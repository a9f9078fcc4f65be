//! Copies librdkafka's headers, and how it was configured, from where `rdkafka-sys` unpacked its sources to the folder that
//! the C++ side includes from.

use std::{env, fs, path::Path};

/// The headers of librdkafka that the C++ side includes: the client, and the in-process cluster that the demo and the tests run on.
/// The configuration is for whoever compiles the same librdkafka in another way (cmake/sanitized_librdkafka.cmake).
const HEADERS: [&str; 3] = ["src/rdkafka.h", "src/rdkafka_mock.h", "config.h"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=BRIDGE_INCLUDE_DIR");

    // A plain `cargo build` (an editor's, say) sets no folder and then needs no headers outside of the build's own output.
    let include = env::var("BRIDGE_INCLUDE_DIR")
        .or_else(|_| env::var("OUT_DIR").map(|out| format!("{out}/include")))
        .expect("cargo sets OUT_DIR");
    let root = env::var("DEP_RDKAFKA_ROOT")
        .expect("rdkafka-sys names its folder when it builds librdkafka by configure and make");

    let target = Path::new(&include).join("librdkafka");
    fs::create_dir_all(&target).unwrap_or_else(|e| panic!("cannot create {}: {e}", target.display()));
    for header in HEADERS {
        let source = Path::new(&root).join(header);
        let name = source.file_name().expect("a header has a name");
        fs::copy(&source, target.join(name)).unwrap_or_else(|e| panic!("cannot copy {}: {e}", source.display()));
    }
}
