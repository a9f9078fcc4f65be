"""The program as the compiler and the linker left it (cmake/hardening.cmake), read with binutils."""

import platform
import re
import subprocess

import pytest

from support.program import BINARY


def said_by(*command: object) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def headers() -> str:
    return said_by("readelf", "--file-header", "--program-headers", "--wide", BINARY)


@pytest.fixture(scope="module")
def dynamic() -> str:
    return said_by("readelf", "--dynamic", "--wide", BINARY)


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The functions that the program takes from shared libraries."""
    return {name.partition("@")[0] for name in re.findall(r" UND (\S+)", said_by("readelf", "--dyn-syms", "--wide", BINARY))}


def flags_of(headers: str, segment: str) -> list[str]:
    return re.findall(rf"^\s*{segment}\s+(?:0x\w+\s+){{5}}([RWE ]{{3}})", headers, re.MULTILINE)


def test_it_is_loaded_at_any_address(headers, dynamic):
    assert "DYN (Position-Independent Executable file)" in headers
    assert re.search(r"FLAGS_1\).*\bPIE\b", dynamic)
    assert "TEXTREL" not in dynamic


def test_nothing_is_both_written_and_executed(headers):
    assert [flags.strip() for flags in flags_of(headers, "GNU_STACK")] == ["RW"]
    loaded = flags_of(headers, "LOAD")
    assert loaded and not [flags for flags in loaded if "W" in flags and "E" in flags]


def test_what_the_loader_fills_in_is_read_only_afterwards(headers, dynamic):
    assert flags_of(headers, "GNU_RELRO")
    assert re.search(r"\(FLAGS\).*\bBIND_NOW\b", dynamic) and re.search(r"FLAGS_1\).*\bNOW\b", dynamic)


def test_libraries_come_from_the_systems_folders_only(dynamic):
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic


def test_no_library_is_linked_for_nothing(dynamic):
    assert dynamic.count("(NEEDED)") > 3
    unused = subprocess.run(["ldd", "--unused", str(BINARY)], capture_output=True, text=True, check=False)
    assert unused.stdout.strip() == "", unused.stdout


def test_stacks_and_buffers_are_checked(imported):
    assert "__stack_chk_fail" in imported
    fortified = {name for name in imported if name.endswith("_chk")}
    assert {"__memcpy_chk", "__snprintf_chk"} <= fortified, fortified


def code_of(function: str) -> str:
    code = said_by("objdump", f"--disassemble={function}", "--no-show-raw-insn", "--demangle", BINARY)
    assert f"<{function}>:" in code, f"{function} is not in the program"
    return code.partition(f"<{function}>:")[2]


# Functions with a buffer on their stack: of ours, and of the C sources that a crate carries.
@pytest.mark.parametrize("function", ["turntable::kafka::library_features[abi:cxx11]()", "rd_kafka_broker_set_state"])
def test_functions_with_buffers_check_their_stack(function):
    assert "__stack_chk_fail" in code_of(function)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have other marks")
@pytest.mark.parametrize("function", ["turntable::run_command_line(int, char const* const*)", "rd_kafka_conf_set"])
def test_functions_are_marked_as_targets_of_jumps(function):
    assert re.match(r"\s+\w+:\s+endbr64", code_of(function))
