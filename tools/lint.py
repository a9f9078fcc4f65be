#!/usr/bin/env python3
"""Checks the source itself: what no compiler says and no reviewer should have to look for.

`./dev lint` calls this. Each finding is one line, `file:line: what is wrong`; the exit code is 1 if there is any. Warnings
are printed but do not fail. Standard library only.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import units  # noqa: E402

# The rooms of src/, from the ground up. A room includes only rooms on a level below its own, …
LEVELS = [
    {"base"},
    {"row"},
    {"kafka", "cassandra", "sqlite", "json"},
    {"sql"},
    {"source", "decode", "catalogue", "enrich", "sink"},
    {"delivery"},
    {"lane"},
    {"simulation"},
    {"produce", "query"},
    {"serve"},
    {"app"},
    {"cli"},
]
# … with these exceptions between neighbours, each with its reason.
NEIGHBOURS = {
    ("enrich", "catalogue"): "the join probes the catalogue",
}
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

# Third-party headers, and the one room that includes each. Test files may use them to look from outside.
FOREIGN = [
    (re.compile(r"^(librdkafka/)?rdkafka(_mock)?\.h$"), "kafka"),
    (re.compile(r"^bridge\.h$"), "cassandra"),
    (re.compile(r"^bridge_http\.h$"), "serve"),
    (re.compile(r"^sqlite3\.h$"), "sqlite"),
    (re.compile(r"^((?:lib)?pg_query/)?pg_query(\.pb-c)?\.h$|^protobuf-c/"), "sql"),
    (re.compile(r"^re2/"), "sql"),
    (re.compile(r"^cctz/"), "sql"),
    (re.compile(r"^utf8proc\.h$"), "sql"),
    (re.compile(r"^simdjson\.h$"), "json"),
    (re.compile(r"^CLI/"), "cli"),
    (re.compile(r"^spdlog/"), "base"),
    (re.compile(r"^(tl/|tl_)?expected(\.hpp)?$"), "base"),
    (re.compile(r"^xxhash\.h$"), "catalogue"),
    (re.compile(r"^zlib\.h$"), "kafka"),
]

LINES_LIMIT = 600
LINES_WARNING = 400
LEFTOVER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
TEST_SOURCE = re.compile(r"(_test|_fuzz|_testing|_contract)\.(cc|h)$")
SKIPPED_FOLDERS = {
    ".git", "build", "output", "target", "__pycache__", "corpora", "corpus", "regressions", "golden", ".pytest_cache",
}  # fmt: skip
TEXT_SUFFIXES = {".cc", ".h", ".rs", ".py", ".sh", ".sql", ".cql", ".md", ".cmake", ".txt", ".toml", ".yaml", ".xml", ""}


class Lint:
    """The findings on one source tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.files = sorted(path for path in self.walk(root) if path.is_file())
        self.cpp = [p for p in self.files if p.suffix in (".cc", ".h") and (root / "src") in p.parents]

    def walk(self, folder: Path):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                if path.name not in SKIPPED_FOLDERS:
                    yield from self.walk(path)
            else:
                yield path

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def error(self, path: Path, line: int, text: str) -> None:
        self.errors.append(f"{self.name(path)}:{line}: {text}")

    def warn(self, path: Path, line: int, text: str) -> None:
        self.warnings.append(f"{self.name(path)}:{line}: warning: {text}")

    def check(self) -> bool:
        self.check_includes()
        self.check_lengths_and_guards()
        self.check_every_source_is_built()
        self.check_leftovers()
        self.check_links()
        self.check_named_tests()
        self.check_python()
        self.check_shell()
        self.check_page()
        return not self.errors

    # ---------------------------------------------------------------------------------------------------------- includes

    def check_includes(self) -> None:
        include = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
        source = self.root / "src"
        for path in self.cpp:
            room = path.relative_to(source).parts[0]
            if path.parent == source:
                self.error(path, 1, "lies in no room; every source belongs to a folder of src/")
                continue
            if room not in LEVEL_OF:
                self.error(path, 1, f"the room src/{room}/ has no level in tools/lint.py")
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                match = include.match(line)
                if match:
                    self.check_include(path, number, room, quoted=match[1] == '"', target=match[2])

    def check_include(self, path: Path, number: int, room: str, quoted: bool, target: str) -> None:
        is_test = bool(TEST_SOURCE.search(path.name))
        for pattern, home in FOREIGN:
            if pattern.match(target):
                if room != home and not is_test:
                    self.error(path, number, f"includes {target}; only src/{home}/ does that, and wraps it")
                return
        if not quoted:
            return
        if target.startswith(".") or not (self.root / "src" / target).is_file():
            self.error(path, number, f'there is no src/{target}; our headers are included by their path from src/')
            return
        other = target.split("/")[0]
        if other == room or is_test or other not in LEVEL_OF or (room, other) in NEIGHBOURS:
            return
        if LEVEL_OF[other] > LEVEL_OF[room]:
            self.error(path, number, f"src/{room}/ includes src/{other}/, which is above it; includes point downwards")
        elif LEVEL_OF[other] == LEVEL_OF[room]:
            self.error(path, number, f"src/{room}/ includes its neighbour src/{other}/; neighbours do not know each other")

    # ------------------------------------------------------------------------------------------------ files of the program

    def check_lengths_and_guards(self) -> None:
        for path in self.cpp:
            lines = path.read_text(errors="replace").splitlines()
            if not TEST_SOURCE.search(path.name):
                if len(lines) > LINES_LIMIT:
                    self.error(path, len(lines), f"{len(lines)} lines; over {LINES_LIMIT} a file has more than one job")
                elif len(lines) > LINES_WARNING:
                    self.warn(path, len(lines), f"{len(lines)} lines; {LINES_WARNING} is the usual limit")
            if path.suffix == ".h" and "#pragma once" not in lines:
                self.error(path, 1, "a header without #pragma once")

    def check_every_source_is_built(self) -> None:
        """Against what the build really compiles, where there is a build; else against the names in CMake's files."""
        sources = [path for path in self.cpp if path.suffix == ".cc"]
        database = self.root / "build" / "release" / "compile_commands.json"
        if database.is_file():
            files = {Path(entry["directory"], entry["file"]) for entry in json.loads(database.read_text())}
            compiled = {Path(name).resolve() for file in files for name in units.sources_of(file)}
            for path in sources:
                if path.resolve() in compiled:
                    continue
                if path.stat().st_ctime > database.stat().st_mtime:
                    self.warn(path, 1, "newer than the last build, so whether it is compiled is not known")
                else:
                    self.error(path, 1, "is compiled into nothing; name it in CMakeLists.txt")
            return
        lists = [p for p in self.files if p.name == "CMakeLists.txt" or p.suffix == ".cmake"]
        text = "\n".join(p.read_text() for p in lists)
        if re.search(r"file\s*\(\s*GLOB", text):
            print("lint: not checked: whether every source is compiled (build/release/compile_commands.json is not there)")
            return
        for path in sources:
            if path.name not in text:
                self.error(path, 1, "is compiled into nothing; name it in CMakeLists.txt")

    # --------------------------------------------------------------------------------------------------------- any file

    def check_leftovers(self) -> None:
        for path in self.files:
            if path.suffix not in TEXT_SUFFIXES or path.name == "Cargo.lock":
                continue
            try:
                text = path.read_text()
            except UnicodeDecodeError:
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if match := LEFTOVER.search(line):
                    self.error(path, number, f"{match[1]}: do it, or file it where work is planned")

    def check_links(self) -> None:
        link = re.compile(r"\[[^\]]*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
        for path in (p for p in self.files if p.suffix == ".md"):
            fenced = False
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if line.lstrip().startswith("```"):
                    fenced = not fenced
                if fenced:
                    continue
                for target in link.findall(re.sub(r"`[^`]*`", "", line)):
                    self.check_link(path, number, target)

    def check_link(self, path: Path, number: int, target: str) -> None:
        if re.match(r"^[a-z][a-z0-9+.-]*:", target):
            return
        file, _, anchor = urllib.parse.unquote(target).partition("#")
        there = path if not file else (self.root / file[1:] if file.startswith("/") else path.parent / file)
        if not there.exists():
            self.error(path, number, f"the link {target} leads nowhere")
        elif anchor and there.suffix == ".md" and anchor not in headings(there):
            self.error(path, number, f"{self.name(there.resolve())} has no heading #{anchor}")

    def check_named_tests(self) -> None:
        """Every test that a document names is there, and every MUST of a numbered list names one."""
        suites = self.suites()
        functions = set()
        for path in (p for p in self.files if p.suffix == ".py" and p.name.startswith("test_")):
            functions.update(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
        for path in (p for p in self.files if p.suffix == ".md"):
            text = path.read_text()
            for match in re.finditer(r"`(?:(test_\w+)|([A-Z]\w*)\.(\*|[A-Z]\w*))`", text):
                function, suite, test = match.groups()
                names = suites.get(suite, set())
                there = function in functions if function else (test in names or (test == "*" and names))
                if not there:
                    self.error(path, text[: match.start()].count("\n") + 1, f"there is no test {match[0][1:-1]}")
            for item in re.finditer(r"^\d+\. .*(?:\n(?!\d+\. |\n|#).*)*", text, re.MULTILINE):
                if re.search(r"\bMUST\b", item[0]) and not re.search(r"`(?:test_\w+|[A-Z]\w*\.(?:\*|[A-Z]\w*))`", item[0]):
                    self.error(path, text[: item.start()].count("\n") + 1, "a MUST that names no test")

    def suites(self) -> dict[str, set[str]]:
        """The C++ tests, by suite."""
        found: dict[str, set[str]] = {}
        for path in (p for p in self.cpp if p.name.endswith("_test.cc")):
            for suite, test in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", path.read_text(), re.MULTILINE):
                found.setdefault(suite, set()).add(test)
        return found

    # ------------------------------------------------------------------------------------------------------- other languages

    def check_python(self) -> None:
        """Every Python file compiles, and every one under tests/ is a test that pytest collects, or helps one."""
        tests = self.root / "tests"
        for path in (p for p in self.files if p.suffix == ".py"):
            try:
                tree = ast.parse(path.read_text(), filename=str(path))
            except SyntaxError as fault:
                self.error(path, fault.lineno or 1, f"not Python: {fault.msg}")
                continue
            if path.parent != tests or path.name == "conftest.py":
                continue
            if not path.name.startswith("test_"):
                self.error(path, 1, "pytest does not collect it: name it test_*.py, or move it to tests/support/")
            elif not any(isinstance(n, ast.FunctionDef) and n.name.startswith("test_") for n in ast.walk(tree)):
                self.error(path, 1, "holds no test")

    def check_shell(self) -> None:
        scripts = [p for p in self.files if p.suffix == ".sh" or p in (self.root / "dev", self.root / ".ci" / "run")]
        for path in scripts:
            result = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)
            if result.returncode != 0:
                self.error(path, 1, f"not bash: {result.stderr.strip()}")
        if scripts and shutil.which("shellcheck"):
            command = ["shellcheck", "--external-sources", "--format=gcc", *(self.name(p) for p in scripts)]
            result = subprocess.run(command, capture_output=True, text=True, cwd=self.root, check=False)
            self.errors.extend(result.stdout.strip().splitlines())


    # ---------------------------------------------------------------------------------------------------------- the page

    def check_page(self) -> None:
        """The page makes neither markup nor code of data, and has nothing inline: its content security policy allows none."""
        markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function|cssText|setAttribute\('style'")
        inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
        for path in (p for p in self.files if p.parent == self.root / "src" / "serve" / "web"):
            if path.suffix not in (".js", ".html") or path.name == "uplot.js":
                continue
            lines = path.read_text().splitlines()
            if len(lines) > LINES_LIMIT:
                self.error(path, len(lines), f"{len(lines)} lines; over {LINES_LIMIT} a file has more than one job")
            for number, line in enumerate(lines, 1):
                if match := (inline if path.suffix == ".html" else markup).search(line):
                    self.error(path, number, f"{match[0].strip()}: the page makes elements and sets textContent; nothing is inline")


def headings(path: Path) -> set[str]:
    """The anchors of a Markdown file, as the usual renderers name them."""
    anchors: set[str] = set()
    fenced = False
    for line in path.read_text().splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        match = None if fenced else re.match(r"#+\s+(.*)", line)
        if match:
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).strip().lower()
            anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            copies = sum(a == anchor or re.fullmatch(re.escape(anchor) + r"-\d+", a) is not None for a in anchors)
            anchors.add(anchor if copies == 0 else f"{anchor}-{copies}")
        anchors.update(re.findall(r'<a (?:id|name)="([^"]+)"', line))
    return anchors


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev lint", description="Check the source itself: layers, lengths, links, leftovers.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the tree to check")
    lint = Lint(parser.parse_args().root.resolve())
    lint.check()
    for line in lint.warnings + lint.errors:
        print(line)
    print(f"lint: {len(lint.files)} files, {len(lint.errors)} errors, {len(lint.warnings)} warnings")
    return 1 if lint.errors else 0


if __name__ == "__main__":
    sys.exit(main())
