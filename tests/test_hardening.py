"""The program as the compiler and the linker left it (cmake/hardening.cmake), read with binutils."""

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


def test_it_cannot_be_loaded_into_another_program(dynamic):
    assert re.search(r"FLAGS_1\).*\bNOOPEN\b", dynamic)


def test_libraries_come_from_the_systems_folders_only(dynamic):
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic


def test_no_library_is_linked_for_nothing(dynamic):
    assert dynamic.count("(NEEDED)") > 3
    unused = subprocess.run(["ldd", "--unused", str(BINARY)], capture_output=True, text=True, check=False)
    assert unused.stdout.strip() == "", unused.stdout


def test_stacks_and_buffers_are_checked(imported):
    assert "__stack_chk_fail" in imported
    fortified = {name for name in imported if name.endswith("_chk") and name != "__cxa_demangle_chk"}
    assert {"__memcpy_chk", "__snprintf_chk"} <= fortified, fortified


# A function of each that has a buffer on its stack: our own code, and the C sources that the crate carries.
@pytest.mark.parametrize("function", ["rd_kafka_conf_set", "rd_kafka_topic_conf_set", "ZSTD_decompressMultiFrame"])
def test_the_c_libraries_inside_are_compiled_the_same_way(function):
    code = said_by("objdump", "--disassemble=" + function, "--no-show-raw-insn", BINARY)
    assert f"<{function}>:" in code
    if "x86-64" in said_by("file", "--brief", BINARY) or "x86_64" in said_by("uname", "-m"):
        assert re.search(rf"<{function}>:\s*\n\s*\w+:\s+endbr64", code), code[:400]


def test_librdkafkas_stacks_are_checked():
    code = said_by("objdump", "--disassemble=rd_kafka_conf_set_prop0", "--no-show-raw-insn", BINARY)
    assert "__stack_chk_fail" in code or "__stack_chk_fail" in said_by(
        "objdump", "--disassemble=rd_kafka_conf_finalize", "--no-show-raw-insn", BINARY
    )
