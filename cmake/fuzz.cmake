# Fuzz targets: any bytes for what reads foreign bytes. src/<room>/<name>_fuzz.cc holds one LLVMFuzzerTestOneInput().
#
# In build/fuzz (the preset `fuzz`, with clang) each is a libFuzzer, and `fuzzers` builds them all. In the others it is
# a test that replays the inputs that are kept in tests/fuzz/; not under GCC's sanitizers, for build/fuzz has them too.
if(TURNTABLE_SANITIZE AND NOT TURNTABLE_SANITIZE MATCHES fuzzer)
  return()
endif()
set(fuzz_inputs ${CMAKE_CURRENT_SOURCE_DIR}/tests/fuzz)

# fuzz(<name> ROOM <room> [SOURCES file…] [DEPENDS room…] [LINKS library…])
# SOURCES: of a room that would bring whole clients of servers along, what is under test; build/fuzz compiles only that, with
# DEPENDS below it. Without SOURCES it is the room.
function(fuzz name)
  cmake_parse_arguments(FUZZ "" "ROOM" "SOURCES;DEPENDS;LINKS" ${ARGN})
  set(program ${name}_fuzz)
  add_executable(${program} src/${FUZZ_ROOM}/${name}_fuzz.cc)
  list(TRANSFORM FUZZ_DEPENDS PREPEND turntable_)
  target_link_libraries(${program} PRIVATE turntable_flags ${FUZZ_DEPENDS} ${FUZZ_LINKS})
  if(FUZZ_SOURCES AND TURNTABLE_SANITIZE MATCHES fuzzer)
    target_sources(${program} PRIVATE ${FUZZ_SOURCES})
  else()
    target_link_libraries(${program} PRIVATE turntable_${FUZZ_ROOM})
  endif()
  if(TURNTABLE_SANITIZE MATCHES fuzzer)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${program})
  else()
    target_sources(${program} PRIVATE ${fuzz_inputs}/replay.cc)
    add_test(NAME fuzz.${name} COMMAND ${program} ${fuzz_inputs}/corpus/${name} ${fuzz_inputs}/regressions/${name})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
  endif()
endfunction()

if(TURNTABLE_SANITIZE MATCHES fuzzer)
  add_custom_target(fuzzers)
endif()

fuzz(text ROOM base LINKS simdjson::simdjson)
fuzz(json ROOM decode)
fuzz(csv ROOM catalogue)
fuzz(letter ROOM delivery
  SOURCES src/delivery/dead_letters.cc src/delivery/kafka_dead_letters.cc src/kafka/client.cc src/kafka/config.cc
          src/kafka/headers.cc src/kafka/health.cc src/kafka/producer.cc src/kafka/admin.cc
  DEPENDS decode bridge)
fuzz(pipeline ROOM sql)
fuzz(value ROOM sql)
fuzz(time ROOM sql)
fuzz(record ROOM enrich DEPENDS decode)
fuzz(result ROOM query
  SOURCES src/query/cql_type.cc src/query/row_writer.cc src/query/value_text.cc
  DEPENDS row)
fuzz(statements ROOM query SOURCES src/query/statements.cc DEPENDS row)
fuzz(options ROOM app
  SOURCES src/app/client_options.cc src/app/option_reader.cc src/app/pipeline.cc src/cassandra/schema.cc
          src/cassandra/session.cc src/kafka/config.cc src/sink/ddl.cc src/sink/replication.cc src/source/start_rule.cc
  DEPENDS enrich sqlite bridge
  LINKS ${SQLITE})
