# The programs that ./dev bench runs beside the engine. None is part of the default build: `bench_programs` builds them.
set(bench_source ${CMAKE_CURRENT_SOURCE_DIR}/bench)
add_custom_target(bench_programs)

# bench_program(<name> SOURCES file… LINKS library…)
function(bench_program name)
  cmake_parse_arguments(PROGRAM "" "" "SOURCES;LINKS" ${ARGN})
  list(TRANSFORM PROGRAM_SOURCES PREPEND ${bench_source}/)
  add_executable(${name} EXCLUDE_FROM_ALL ${PROGRAM_SOURCES})
  target_include_directories(${name} PRIVATE ${bench_source})
  target_link_libraries(${name} PRIVATE turntable_flags fmt::fmt ${PROGRAM_LINKS})
  add_dependencies(bench_programs ${name})
endfunction()

bench_program(bench_catalogue SOURCES load/catalogue.cc)
bench_program(bench_events SOURCES load/events.cc LINKS turntable_librdkafka)
bench_program(bench_lines SOURCES load/lines.cc LINKS turntable_librdkafka)
bench_program(bench_consume SOURCES ceilings/consume.cc LINKS turntable_librdkafka simdjson::simdjson)
# The same with what the engine gives librdkafka: libdeflate, and mimalloc's memory.
bench_program(bench_consume_as_engine SOURCES ceilings/consume.cc LINKS turntable_kafka turntable_librdkafka simdjson::simdjson mimalloc)
bench_program(bench_produce SOURCES ceilings/produce.cc LINKS turntable_librdkafka)
bench_program(bench_sqlite SOURCES ceilings/sqlite.cc LINKS ${SQLITE})
bench_program(bench_record_rows SOURCES ceilings/record_rows.cc LINKS turntable_app)
bench_program(bench_in_memory SOURCES ceilings/in_memory.cc ceilings/counting_malloc.cc LINKS turntable_app)

# The programs that talk to Cassandra with the scylla driver alone are Rust, with the versions that bridge/ has.
set(driver_source ${bench_source}/ceilings/driver)
set(driver_build ${CMAKE_CURRENT_SOURCE_DIR}/build/bench-driver)
add_custom_target(bench_driver
  COMMAND ${CMAKE_COMMAND} -E env --unset=CFLAGS --unset=CXXFLAGS --unset=CPPFLAGS --unset=LDFLAGS RUSTC=${BRIDGE_RUSTC}
    ${BRIDGE_CARGO} build --release --locked --manifest-path ${driver_source}/Cargo.toml --target-dir ${driver_build}
  COMMENT "Building bench/ceilings/driver with cargo (a minute the first time)"
  USES_TERMINAL VERBATIM)
add_dependencies(bench_programs bench_driver)
