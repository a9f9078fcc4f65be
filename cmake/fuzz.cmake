# Fuzz targets: any bytes for what reads foreign bytes. src/<room>/<name>_fuzz.cc holds one LLVMFuzzerTestOneInput().
#
# In build/asan each is a libFuzzer, and `fuzzers` builds them all. In build/release and build/debug it is a test that replays the
# inputs that are kept in tests/fuzz/. Not under ThreadSanitizer: they have one thread.
if(TURNTABLE_SANITIZE MATCHES thread)
  return()
endif()
set(fuzz_inputs ${CMAKE_CURRENT_SOURCE_DIR}/tests/fuzz)
add_custom_target(fuzzers)

# fuzz(<name> ROOM <room> [DEPENDS room…] [LINKS library…]): DEPENDS, LINKS: what the target uses beside its room.
function(fuzz name)
  cmake_parse_arguments(FUZZ "" "ROOM" "DEPENDS;LINKS" ${ARGN})
  set(program ${name}_fuzz)
  add_executable(${program} src/${FUZZ_ROOM}/${name}_fuzz.cc)
  list(TRANSFORM FUZZ_DEPENDS PREPEND turntable_)
  target_link_libraries(${program} PRIVATE turntable_flags turntable_${FUZZ_ROOM} ${FUZZ_DEPENDS} ${FUZZ_LINKS})
  add_dependencies(fuzzers ${program})
  if(TURNTABLE_SANITIZE MATCHES fuzzer)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${program} PRIVATE ${fuzz_inputs}/replay.cc)
    target_compile_options(${program} PRIVATE ${tests_compile})
    add_test(NAME fuzz.${name} COMMAND ${program} ${fuzz_inputs}/corpus/${name} ${fuzz_inputs}/regressions/${name})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
  endif()
endfunction()

fuzz(text ROOM base LINKS simdjson::simdjson)
fuzz(json ROOM decode)
fuzz(csv ROOM catalogue)
fuzz(letter ROOM delivery)
fuzz(pipeline ROOM sql)
fuzz(value ROOM sql)
fuzz(time ROOM sql)
fuzz(record ROOM enrich DEPENDS decode)
fuzz(result ROOM query)
fuzz(statements ROOM query)
fuzz(options ROOM app)
