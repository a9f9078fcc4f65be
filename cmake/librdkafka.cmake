# librdkafka from its C sources, as the target `turntable_librdkafka`: its headers are <librdkafka/rdkafka.h> and
# <librdkafka/rdkafka_mock.h>. bridge.cmake, which includes this, has found cargo.
#
# The sources are those of the crate that bridge/Cargo.lock pins, in cargo's own folder, and librdkafka's CMake says what
# belongs to it. cargo does not build it: its own make would compile the C++ wrapper and all debug information too, one by
# one and again in each clone. Where there are sanitizers, it is compiled with them: without, they would see neither a fault
# nor a lock in it, so that what is right may look like a race (tools/sanitized.py looks at the programs).

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${bridge_source}/Cargo.lock)

# Sets <result> to the folder of the crate's sources. cargo downloads them where they are missing.
function(librdkafka_find_crate crate result)
  execute_process(COMMAND ${BRIDGE_RUSTC} -vV OUTPUT_VARIABLE rustc COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "host: ([^\n]+)" host "${rustc}")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env RUSTC=${BRIDGE_RUSTC} ${BRIDGE_CARGO} metadata --locked --all-features --format-version 1
      --filter-platform ${CMAKE_MATCH_1} --manifest-path ${bridge_source}/Cargo.toml
    OUTPUT_VARIABLE metadata COMMAND_ERROR_IS_FATAL ANY)
  if(NOT metadata MATCHES "\"manifest_path\":\"([^\"]*/${crate}-[0-9][^\"/]*)/Cargo.toml\"")
    message(FATAL_ERROR "cargo does not say where the sources of the crate ${crate} are")
  endif()
  set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

function(add_librdkafka)
  librdkafka_find_crate(rdkafka-sys crate)
  set(sources ${crate}/librdkafka)
  set(build ${CMAKE_CURRENT_BINARY_DIR}/librdkafka)

  # OpenSSL, zlib and zstd are Debian's.
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
  find_library(ZSTD_LIBRARY_RELEASE zstd REQUIRED)
  find_path(ZSTD_INCLUDE_DIR zstd.h REQUIRED)
  add_subdirectory(${sources} ${build} EXCLUDE_FROM_ALL)

  # Its CMake writes 0 for what is not there, but its sources ask whether some of it is defined at all; and its configure script
  # looks for more than its CMake does: without the two lines on atomics, what is atomic is set as if it were not. C11's threads
  # are locks inside of the C library, which ThreadSanitizer does not see: without them librdkafka takes pthreads.
  # "../config.h" is what the sources include, hence the empty folder.
  set(sanitized 0)
  if(TURNTABLE_SANITIZE)
    set(sanitized 1)
  endif()
  file(MAKE_DIRECTORY ${build}/configured/empty)
  file(CONFIGURE OUTPUT ${build}/configured/config.h CONTENT
"#include \"@build@/generated/config.h\"
#undef WITH_OAUTHBEARER_OIDC
#undef WITH_SASL_CYRUS
#define HAVE_STRERROR_R 1
#define HAVE_STRCASESTR 1
#define WITH_SYSLOG 1
#define HAVE_ATOMICS_32_ATOMIC 1
#define HAVE_ATOMICS_64_ATOMIC 1
#if @sanitized@
#undef WITH_C11THREADS
#endif
" @ONLY)
  target_include_directories(rdkafka BEFORE PRIVATE ${build}/configured/empty)
  # Its warnings are its authors' concern, and it is never compiled for debugging.
  target_compile_options(rdkafka PRIVATE ${hardening_c} -w)
  if(TURNTABLE_SANITIZE)
    # A finding that a suppression names is passed over only where the sanitizer may go on, and inputs that would reach
    # more of it are no concern of ours.
    target_compile_options(rdkafka PRIVATE -fsanitize=${sanitizers} -fno-omit-frame-pointer)
  else()
    target_compile_options(rdkafka PRIVATE -O2 -g1)
    # Nothing in these runs for every record or batch, and they are half of what there is to compile.
    set(cold admin assignment assignor aux background cert cgrp conf coord error event feature idempotence metadata metadata_cache
      mock mock_cgrp mock_handlers pattern plugin range_assignor request roundrobin_assignor sasl sasl_oauthbearer sasl_plain sasl_scram
      sticky_assignor subscription telemetry telemetry_decode telemetry_encode txnmgr)
    list(TRANSFORM cold REPLACE "(.+)" "${sources}/src/rdkafka_\\1.c")
    set_property(SOURCE ${cold} ${sources}/src/cJSON.c ${sources}/src/rdunittest.c TARGET_DIRECTORY rdkafka
      PROPERTY COMPILE_OPTIONS -Og)
  endif()

  foreach(header IN ITEMS rdkafka.h rdkafka_mock.h)
    configure_file(${sources}/src/${header} ${build}/include/librdkafka/${header} COPYONLY)
  endforeach()
  add_library(turntable_librdkafka INTERFACE)
  target_include_directories(turntable_librdkafka SYSTEM INTERFACE ${build}/include)
  target_link_libraries(turntable_librdkafka INTERFACE $<LINK_ONLY:rdkafka>)
endfunction()
add_librdkafka()
