# The Rust crate bridge/ as the target `turntable_bridge`: Cassandra's driver behind <bridge.h>, an HTTP server
# behind <bridge_http.h>; and librdkafka, whose version
# the crate pins (librdkafka.cmake). Include this file once, from the top.
#
# The crate is built once, optimised, for all build types: its folder lies beside those of the C++ build types.

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH bridge_root)
set(bridge_source ${bridge_root}/bridge)
set(bridge_build ${bridge_root}/build/bridge)
set(bridge_library ${bridge_build}/release/libbridge.a)
set(bridge_least_rust 1.88)

enable_language(C)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)

# The version that `program --version` prints, or nothing.
function(bridge_version_of program result)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND ${program} --version OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed AND text MATCHES "^[a-z]+ ([0-9]+\\.[0-9]+\\.[0-9]+)")
    set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()

# Sets BRIDGE_CARGO and BRIDGE_RUSTC to the first cargo, with the rustc beside it, that is new enough: the one in PATH,
# rustup's, or Debian's cargo-web and rustc-web, which are plain /usr/bin/cargo and /usr/bin/rustc.
function(bridge_find_cargo)
  find_program(found cargo NO_CACHE)
  set(seen "")
  foreach(cargo IN ITEMS ${BRIDGE_CARGO} ${found} $ENV{HOME}/.cargo/bin/cargo /usr/bin/cargo)
    cmake_path(GET cargo PARENT_PATH folder)
    if(NOT EXISTS ${cargo} OR NOT EXISTS ${folder}/rustc)
      continue()
    endif()
    bridge_version_of(${cargo} cargo_version)
    bridge_version_of(${folder}/rustc rustc_version)
    if(cargo_version VERSION_GREATER_EQUAL bridge_least_rust AND rustc_version VERSION_GREATER_EQUAL bridge_least_rust)
      set(BRIDGE_CARGO ${cargo} CACHE FILEPATH "The cargo that builds bridge/")
      set(BRIDGE_RUSTC ${folder}/rustc CACHE FILEPATH "The rustc that builds bridge/")
      return()
    endif()
    list(APPEND seen "${cargo} (${rustc_version})")
  endforeach()
  list(JOIN seen ", " seen)
  message(FATAL_ERROR "Rust ${bridge_least_rust} or newer is needed to build bridge/; found: ${seen}.\n"
    "On Debian 12: apt-get install cargo-web rustc-web. Elsewhere: https://rustup.rs.")
endfunction()
bridge_find_cargo()

# Some thirty programs and libraries run while it is built, each linked for that. Gold takes less time, where it is there; the library
# itself is not linked.
find_program(BRIDGE_GOLD ld.gold)
set(bridge_rustflags "$ENV{RUSTFLAGS}")
if(BRIDGE_GOLD)
  string(STRIP "${bridge_rustflags} -Clink-arg=-fuse-ld=gold" bridge_rustflags)
endif()

file(GLOB bridge_sources CONFIGURE_DEPENDS ${bridge_source}/src/*.rs ${bridge_source}/src/*/*.rs)

# The stamp belongs to one build folder, the library to all of them. cargo leaves the library alone where nothing has
# changed, and then nothing is linked again.
set(bridge_stamp ${CMAKE_CURRENT_BINARY_DIR}/bridge.stamp)
add_custom_command(
  OUTPUT ${bridge_stamp}
  BYPRODUCTS ${bridge_library}
  COMMAND ${CMAKE_COMMAND} -E env RUSTC=${BRIDGE_RUSTC} RUSTFLAGS=${bridge_rustflags}
    ${BRIDGE_CARGO} build --release --locked --manifest-path ${bridge_source}/Cargo.toml --target-dir ${bridge_build}
  COMMAND ${CMAKE_COMMAND} -E touch ${bridge_stamp}
  DEPENDS ${bridge_sources} ${bridge_source}/Cargo.toml ${bridge_source}/Cargo.lock
  COMMENT "Building bridge/ with cargo (minutes the first time)"
  USES_TERMINAL VERBATIM)
add_custom_target(turntable_bridge_build DEPENDS ${bridge_stamp})

add_library(turntable_bridge STATIC IMPORTED GLOBAL)
# Nothing that is compiled waits for cargo: programs are linked with its library, which is its rule's by-product.
set_target_properties(turntable_bridge PROPERTIES
  IMPORTED_LOCATION ${bridge_library}
  INTERFACE_INCLUDE_DIRECTORIES ${bridge_source}/include
  INTERFACE_LINK_LIBRARIES "OpenSSL::SSL;OpenSSL::Crypto;Threads::Threads;${CMAKE_DL_LIBS};m")
include(librdkafka)

# The contract, tested from C, without sanitizers. What needs a server is skipped, and says so, unless TURNTABLE_CASSANDRA
# names one.
if(TURNTABLE_SANITIZE)
  return()
endif()
foreach(name IN ITEMS abi_test abi_server_test http_test)
  add_executable(bridge_${name} ${bridge_source}/tests/${name}.c)
  set_target_properties(bridge_${name} PROPERTIES C_STANDARD 11)
  target_compile_options(bridge_${name} PRIVATE -Wall -Wextra -Werror)
  target_link_libraries(bridge_${name} PRIVATE turntable_bridge turntable_librdkafka)
  add_test(NAME bridge_${name} COMMAND bridge_${name})
  set_tests_properties(bridge_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 180)
endforeach()
