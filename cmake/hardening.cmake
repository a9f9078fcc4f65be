# What the OpenSSF's guide for compilers and linkers advises for GCC 12, as far as it applies here: hardening_compile for our
# own code, hardening_c for librdkafka's C sources, hardening_link for programs.
# https://best.openssf.org/Compiler-Hardening-Guides/Compiler-Options-Hardening-Guide-for-C-and-C++.html
#
# docs/adr/0006-hardening.md has what each is for and why two of the guide's options are not here; tests/test_hardening.py
# looks at the program that comes out.

set(hardening_common -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND hardening_common -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  list(APPEND hardening_common -mbranch-protection=standard)
endif()
# Not what the optimiser may do with undefined behaviour, but what was written.
set(hardening_defined -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing)
set(hardening_zero -ftrivial-auto-var-init=zero)
set(hardening_fortify -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)

# Clang 14 does not know these warnings.
set(hardening_compile ${hardening_common} -Wformat=2 -Werror=format-security
  $<$<CXX_COMPILER_ID:GNU>:-Wtrampolines> $<$<CXX_COMPILER_ID:GNU>:-Wbidi-chars=any>)
# Sanitizers are to see overflows, and variables that nobody has set, which these would make harmless; and they have checks of
# their own, which fortified functions would hide. Without optimisation there are none of those.
if(NOT TURNTABLE_SANITIZE)
  list(APPEND hardening_compile ${hardening_defined} ${hardening_zero} $<$<CONFIG:RelWithDebInfo>:${hardening_fortify}>)
endif()

set(hardening_c ${hardening_common})
if(NOT TURNTABLE_SANITIZE)
  list(APPEND hardening_c ${hardening_defined} ${hardening_zero} ${hardening_fortify})
endif()

set(hardening_link LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack LINKER:--as-needed LINKER:--no-copy-dt-needed-entries)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
if(NOT CMAKE_CXX_LINK_PIE_SUPPORTED)
  message(FATAL_ERROR "This compiler makes no position-independent executables, which the build asks for.")
endif()
