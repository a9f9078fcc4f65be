# librdkafka once more, compiled with the sanitizers of TURNTABLE_SANITIZE, as the target `rdkafka`. The one in the Rust
# archive is compiled without, and there they see neither a fault nor a lock, so that what is right may look like a race.
# bridge.cmake includes this where there are sanitizers, and links it before the archive, whose own objects of librdkafka
# are then left alone; tools/sanitized.py shows that of every test program.
#
# The sources are those of the crates that bridge/Cargo.lock pins, in cargo's own folder, and librdkafka's CMake says what
# belongs to it. How it is configured comes from the crate's build, but for the threads.

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${bridge_source}/Cargo.lock)

# Sets <crate>_folder, in which the sources of each crate are. cargo downloads them where they are missing.
function(sanitized_find_crates)
  execute_process(COMMAND ${BRIDGE_RUSTC} -vV OUTPUT_VARIABLE rustc COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "host: ([^\n]+)" host "${rustc}")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env RUSTC=${BRIDGE_RUSTC} ${BRIDGE_CARGO} metadata --locked --format-version 1
      --filter-platform ${CMAKE_MATCH_1} --manifest-path ${bridge_source}/Cargo.toml
    OUTPUT_VARIABLE metadata COMMAND_ERROR_IS_FATAL ANY)
  foreach(crate IN ITEMS ${ARGN})
    if(NOT metadata MATCHES "\"manifest_path\":\"([^\"]*/${crate}-[0-9][^\"/]*)/Cargo.toml\"")
      message(FATAL_ERROR "cargo does not say where the sources of the crate ${crate} are")
    endif()
    set(${crate}_folder ${CMAKE_MATCH_1} PARENT_SCOPE)
  endforeach()
endfunction()

function(add_sanitized_librdkafka)
  sanitized_find_crates(rdkafka-sys zstd-sys)

  # The features of bridge/Cargo.toml. OpenSSL and zlib are Debian's, zstd is the archive's.
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # So that librdkafka's options take the values that are set here.
  set(RDKAFKA_BUILD_STATIC ON)
  set(RDKAFKA_BUILD_EXAMPLES OFF)
  set(RDKAFKA_BUILD_TESTS OFF)
  set(ENABLE_LZ4_EXT OFF)
  set(WITH_CURL OFF)
  set(WITH_SASL OFF)  # That is Cyrus's; these two need no more than OpenSSL.
  set(WITH_SASL_SCRAM ON)
  set(WITH_SASL_OAUTHBEARER ON)
  set(WITH_SSL ON)
  set(WITH_ZLIB ON)
  set(WITH_ZSTD ON)
  set(ZSTD_INCLUDE_DIR ${zstd-sys_folder}/zstd/lib)
  set(ZSTD_LIBRARY_RELEASE turntable_bridge_archive)
  set(build ${CMAKE_CURRENT_BINARY_DIR}/librdkafka)
  add_subdirectory(${rdkafka-sys_folder}/librdkafka ${build} EXCLUDE_FROM_ALL)

  # In place of what CMake found out, the configuration of the crate's build, which is what the program runs with. Its C11
  # threads are the exception: they are locks inside of the C library, which ThreadSanitizer does not see. Without them
  # librdkafka takes pthreads; its dev-conf.sh does the same. The sources include "../config.h", hence the empty folder.
  file(MAKE_DIRECTORY ${build}/configured/empty)
  file(CONFIGURE OUTPUT ${build}/configured/config.h CONTENT
"#include <librdkafka/config.h>
#undef WITH_C11THREADS
")
  target_include_directories(rdkafka BEFORE PRIVATE ${build}/configured/empty ${bridge_build}/include)

  # A finding that a suppression names is passed over only where the sanitizer may go on. Warnings are its authors' concern, and
  # so are inputs that would reach more of it.
  string(REPLACE ",fuzzer-no-link" "" sanitizers ${TURNTABLE_SANITIZE})
  target_compile_options(rdkafka PRIVATE -fsanitize=${sanitizers} -fno-omit-frame-pointer -w)
endfunction()
add_sanitized_librdkafka()
