"""The source checks find what they are for, on small trees made for it."""

import subprocess
import sys

import pytest

from support.program import ROOT


def lint(tree):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "lint.py"), "--root", str(tree)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.fixture
def tree(tmp_path):
    """Makes a tree of files; a header gets its #pragma once, and CMake names every source unless told otherwise."""

    def make(files: dict[str, str]):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if "CMakeLists.txt" not in files:
            (tmp_path / "CMakeLists.txt").write_text("\n".join(name for name in files if name.endswith(".cc")))
        return tmp_path

    return make


HEADER = "#pragma once\n"
CASES = {
    "upwards": ({"src/base/a.h": HEADER + '#include "lane/b.h"\n', "src/lane/b.h": HEADER}, "src/base/a.h:2: ", "downwards"),
    "sideways": ({"src/sink/a.h": HEADER + '#include "decode/b.h"\n', "src/decode/b.h": HEADER}, "src/sink/a.h:2: ", "neighbour"),
    "foreign header": ({"src/lane/a.cc": "\n#include <sqlite3.h>\n"}, "src/lane/a.cc:2: ", "only src/sqlite/"),
    "relative include": ({"src/base/a.cc": '#include "./b.h"\n', "src/base/b.h": HEADER}, "src/base/a.cc:1: ", "path from src/"),
    "unknown room": ({"src/misc/a.h": HEADER}, "src/misc/a.h:1: ", "no level"),
    "no room": ({"src/a.h": HEADER}, "src/a.h:1: ", "no room"),
    "no guard": ({"src/base/a.h": "\n"}, "src/base/a.h:1: ", "#pragma once"),
    "too long": ({"src/base/a.cc": "\n" * 601}, "src/base/a.cc:601: ", "601 lines"),
    "not compiled": ({"src/base/a.cc": "\n", "CMakeLists.txt": "\n"}, "src/base/a.cc:1: ", "compiled into nothing"),
    "markup of data": ({"src/serve/web/app.js": "\nnode.innerHTML = text;\n"}, "src/serve/web/app.js:2: ", "textContent"),
    "an inline script": ({"src/serve/web/index.html": "<script>go()</script>\n"}, "src/serve/web/index.html:1: ", "inline"),
    "an inline handler": ({"src/serve/web/index.html": "<p onclick=go()>\n"}, "src/serve/web/index.html:1: ", "inline"),
    "leftover": ({"notes.md": "\nTO" + "DO: later\n"}, "notes.md:2: ", "TO" + "DO"),
    "dead link": ({"README.md": "see [this](docs/x.md)\n"}, "README.md:1: ", "leads nowhere"),
    "dead anchor": ({"README.md": "# One\n[two](#two)\n"}, "README.md:2: ", "no heading #two"),
    "a C++ test that is not": (
        {"docs/x.md": "shown by\n`Ledger.Holds`\n", "src/base/a_test.cc": "TEST(Ledger, Stores) {\n"}, "docs/x.md:2: ", "no test Ledger.Holds",
    ),
    "a suite that is not": ({"docs/x.md": "shown by `Ledger.*`\n"}, "docs/x.md:1: ", "no test Ledger.*"),
    "a Python test that is not": (
        {"docs/x.md": "see `test_b`\n", "tests/test_x.py": "def test_a(): pass\n"}, "docs/x.md:1: ", "no test test_b",
    ),
    "a MUST without a test": (
        {
            "docs/x.md": "1. It MUST hold.\n   *`Ledger.Holds`*\n2. It\n   MUST not.\n\n3. It may.\n",
            "src/base/a_test.cc": "TEST_F(Ledger,\n       Holds) {\n",
        },
        "docs/x.md:3: ", "names no test",
    ),
    "not collected": ({"tests/check_x.py": "def test_x(): pass\n"}, "tests/check_x.py:1: ", "does not collect"),
    "no test": ({"tests/test_x.py": "x = 1\n"}, "tests/test_x.py:1: ", "holds no test"),
    "not Python": ({"tools/x.py": "def\n"}, "tools/x.py:1: ", "not Python"),
    "not bash": ({"tools/x.sh": "if true\n"}, "tools/x.sh:1: ", "not bash"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_it_finds(case, tree):
    files, place, text = CASES[case]
    code, said = lint(tree(files))
    findings = [line for line in said.splitlines() if line.startswith(place)]
    assert code == 1 and any(text in line for line in findings), said


def test_it_lets_pass_what_is_right(tree):
    code, said = lint(
        tree(
            {
                "src/cli/main.cc": '#include <CLI/CLI.hpp>\n#include "app/app.h"\n#include "base/text.h"\n',
                "src/app/app.h": HEADER + '#include "sink/sink.h"\n',
                "src/sink/sink.h": HEADER + '#include "sqlite/database.h"\n',
                "src/sqlite/database.h": HEADER + "#include <sqlite3.h>\n",
                "src/enrich/join.h": HEADER + '#include "catalogue/catalogue.h"\n',
                "src/catalogue/catalogue.h": HEADER,
                "src/base/text.h": HEADER,
                "src/base/text_test.cc": '#include <sqlite3.h>\n#include "lane/lane.h"\nTEST_P(Text, Trims) {\n' + "\n" * 700,
                "src/lane/lane.h": HEADER,
                "README.md": "# The One\n[here](#the-one) [there](docs/A.md#b) [far](https://example.org/x) `[no](link)`\n",
                "docs/A.md": "## B\n1. It MUST trim. `Text.Trims`, `Text.*`,\n   `test_a` in `test_a.py`\n2. It may.\n",
                "tests/test_a.py": "def test_a():\n    pass\n",
                "tests/support/b.py": "x = 1\n",
            }
        )
    )
    assert code == 0, said
    assert "0 errors" in said

