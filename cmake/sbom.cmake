# The program's bill of materials, turntable.cdx.json beside the program (tools/sbom.py). Include this file behind the target
# turntable.

# Of Debian's packages that are compiled in rather than loaded, one file each.
find_file(SBOM_CLI11 CLI/CLI.hpp REQUIRED)
find_file(SBOM_EXPECTED tl/expected.hpp REQUIRED)
find_file(SBOM_FMT fmt/format.h REQUIRED)
find_file(SBOM_SPDLOG spdlog/spdlog.h REQUIRED)
find_file(SBOM_SIMDJSON simdjson.h REQUIRED)

set(sbom ${CMAKE_CURRENT_BINARY_DIR}/turntable.cdx.json)
add_custom_command(
  OUTPUT ${sbom}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/tools/sbom.py --version ${PROJECT_VERSION} --cargo ${BRIDGE_CARGO}
    --rustc ${BRIDGE_RUSTC} --output ${sbom} $<TARGET_FILE:turntable>
    ${PG_QUERY} ${SBOM_CLI11} ${SBOM_EXPECTED} ${SBOM_FMT} ${SBOM_SPDLOG} ${SBOM_SIMDJSON}
  DEPENDS turntable tools/sbom.py bridge/Cargo.lock
  COMMENT "Listing what the program is made of" VERBATIM)
add_custom_target(sbom ALL DEPENDS ${sbom})
