#!/usr/bin/env python3
"""Shows of programs that were linked with a sanitizer that they hold librdkafka once, and compiled with that sanitizer.

    tools/sanitized.py thread|address,undefined PROGRAM…

Were any of its objects compiled without (cmake/librdkafka.cmake), nothing would fail: the sanitizer would only see less, or
report races that are none. The tests of the builds with sanitizers call this. Exit code 1 with a line for each finding. Needs
readelf and objdump.
"""

from __future__ import annotations

import collections
import re
import subprocess
import sys
from pathlib import Path

# What the compiler has put into a function that it has instrumented, by the word of -fsanitize=.
TRACES = {"thread": "__tsan_func_entry", "address": "__asan_report_", "undefined": "__ubsan_handle_"}
# Files of librdkafka that every client links, each with a function that touches memory and counts.
FUNCTIONS = {
    "rdkafka.c": "rd_kafka_new",
    "rdkafka_broker.c": "rd_kafka_broker_buf_enq1",
    "rdkafka_queue.c": "rd_kafka_q_serve_rkmessages",
    "rdkafka_timer.c": "rd_kafka_timers_run",
    "rdkafka_mock.c": "rd_kafka_mock_cluster_new",
}
# Locks and threads of the C library that ThreadSanitizer does not see; librdkafka's own wrappers have the same names.
UNSEEN = ("mtx_lock", "mtx_unlock", "cnd_wait", "cnd_timedwait", "thrd_create", "thrd_join")


def output_of(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def findings(program: Path, sanitizers: list[str]) -> list[str]:
    found = []
    files: collections.Counter[str] = collections.Counter()
    defined, undefined = set(), set()
    for line in output_of("readelf", "--wide", "--syms", program).splitlines():
        fields = line.split()
        if len(fields) != 8 and len(fields) != 9:
            continue
        kind, section, name = fields[3], fields[6], fields[7]
        if kind == "FILE":
            files[name] += 1
        else:
            (undefined if section == "UND" else defined).add(re.sub(r"@.*", "", name))

    for file, function in FUNCTIONS.items():
        if files[file] != 1 or function not in defined:
            found.append(f"{file} of librdkafka was linked {files[file]} times, or without {function}()")
            continue
        code = output_of("objdump", f"--disassemble={function}", "--no-show-raw-insn", program)
        for sanitizer in sanitizers:
            if TRACES[sanitizer] not in code:
                found.append(f"{function}() of librdkafka is not compiled with -fsanitize={sanitizer}")
    twice = sorted(name for name, count in files.items() if name.startswith(("rdkafka", "tinycthread")) and count > 1)
    if twice:
        found.append(f"librdkafka was linked twice in part: {', '.join(twice)}")
    if "thread" in sanitizers and (unseen := sorted(undefined.intersection(UNSEEN))):
        found.append(f"it uses threads or locks that ThreadSanitizer does not see: {', '.join(unseen)}")
    return found


def main() -> int:
    if len(sys.argv) < 3 or not set(sys.argv[1].split(",")) <= set(TRACES):
        print(__doc__)
        return 2
    bad = False
    for program in map(Path, sys.argv[2:]):
        lines = findings(program, sys.argv[1].split(","))
        bad = bad or bool(lines)
        print("\n".join(f"{program}: {line}" for line in lines) or f"{program}: librdkafka once, with {sys.argv[1]}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
