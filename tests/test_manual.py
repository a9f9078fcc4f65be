"""What is printed about the command line: help, manual pages, completions and the page of commands, all from one description."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from support.golden import check_golden
from support.program import BINARY, ROOT, environment

PAGES = ["", "run", "schema", "config", "produce", "dead-letters", "query", "history", "demo", "completions", "man"]
SHELLS = ["bash", "zsh", "fish"]


def needs(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not here; ./dev setup --tests installs it")
    return path


def commands(page: str) -> list[str]:
    return re.findall(r"^## turntable (.+)$", page, re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> str:
    return subprocess.run([BINARY, "man", "--format", "markdown"], capture_output=True, text=True, check=True, env=environment()).stdout


# ---------------------------------------------------------------------------------------------------------------- the pages


@pytest.mark.parametrize("command", PAGES)
def test_manual_pages(command, turntable):
    printed = turntable.run("man", *command.split()).expect(0)
    check_golden(f"man/turntable{'-' if command else ''}{command}.1", printed.stdout)


@pytest.mark.parametrize("command", PAGES)
def test_mandoc_finds_nothing_in_a_page(command, turntable):
    text = turntable.run("man", *command.split()).expect(0).stdout
    found = subprocess.run([needs("mandoc"), "-T", "lint"], input=text, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize("command", PAGES)
def test_a_page_says_all_that_help_says(command, turntable):
    """Read as a person does, in 78 columns; names and sentences come from the same description."""
    text = turntable.run("man", *command.split()).expect(0).stdout
    shown = subprocess.run([needs("mandoc"), "-T", "utf8", "-O", "width=900"], input=text, capture_output=True, text=True, check=True).stdout
    shown = re.sub(r".\x08", "", shown)
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES", "SEE ALSO"):
        assert re.search(rf"^{section}$", shown, re.MULTILINE), section
    helps = [turntable.run(*command.split(), "--help").expect(0).stdout]
    if command in ("schema", "dead-letters"):
        below = re.findall(r"^  ([a-z]+) ", helps[0].partition("Commands:")[2].partition("\n\n")[0], re.MULTILINE)
        helps += [turntable.run(command, action, "--help").expect(0).stdout for action in below]
        assert len(helps) == 4
    for help_text in helps:
        for option in re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", help_text, re.MULTILINE):
            assert option in shown, option
        for variable in re.findall(r"environment:\s+(TURNTABLE_\w+)", help_text):
            assert variable in shown, variable


def test_the_page_of_commands_is_what_the_program_prints(page):
    path = ROOT / "docs" / "COMMANDS.md"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(page)
    assert path.read_text() == page, "UPDATE_GOLDEN=1 writes docs/COMMANDS.md anew"


def test_the_page_has_every_command(page, turntable):
    names = re.findall(r"^  ([a-z-]+) ", turntable.run("--help").stdout.partition("Commands:")[2].partition("\n\n")[0], re.MULTILINE)
    assert len(names) == 10
    assert {command.split()[0] for command in commands(page)} == set(names)


def test_help_fits_eighty_columns(page):
    assert [line for line in page.splitlines() if len(line) > 80 and not line.startswith(("|", "Printed", "`turntable", "An option"))] == []


def test_a_manual_page_of_no_command_is_refused_with_what_was_meant(turntable):
    assert "Did you mean 'query'?" in turntable.run("man", "qurey").expect(2).stderr


# ----------------------------------------------------------------------------------------------------------------- completions


@pytest.mark.parametrize("shell", SHELLS)
def test_completions(shell, turntable):
    check_golden(f"completions/turntable.{shell}", turntable.run("completions", shell).expect(0).stdout)


@pytest.fixture
def folder(tmp_path):
    """A folder with files to complete."""
    for name in ("one.sql", "two words.sql", "songs.csv", "q.cql", "note.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "sub").mkdir()
    return tmp_path


def in_bash(words: list[str], folder: Path) -> list[str]:
    """Completes the last word, as bash calls a completion function."""
    script = (
        f"source <({BINARY} completions bash)\n"
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _turntable\n'
        'for reply in "${COMPREPLY[@]}"; do printf "%s\\n" "$reply"; done\n'
    )
    done = subprocess.run(
        [needs("bash"), "--norc", "-c", script, "bash", "turntable", *words], cwd=folder, capture_output=True, text=True, check=False, env=environment()
    )
    assert done.stderr == "", done.stderr
    return sorted(done.stdout.splitlines())


def in_fish(words: list[str], folder: Path) -> list[str]:
    line = " ".join(["turntable", *words])
    script = f"{BINARY} completions fish | source; complete -C {line!r}"
    # Without the file of this name that may be installed.
    env = environment({"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "none"), "XDG_DATA_HOME": str(folder / "none")})
    done = subprocess.run([needs("fish"), "--no-config", "-c", script], cwd=folder, capture_output=True, text=True, check=False, env=env)
    assert done.stderr == "", done.stderr
    return sorted({reply.partition("\t")[0] for reply in done.stdout.splitlines()} - {"none/"})


class Zsh:
    """A zsh at a terminal, in which a line is typed and completed: what its function would add is asked from within."""

    def __init__(self, folder: Path) -> None:
        self.ours, other_end = pty.openpty()
        env = environment({"HOME": str(folder), "PS1": "", "ZDOTDIR": str(folder), "PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
        self.process = subprocess.Popen(
            [needs("zsh"), "-f", "-i"], stdin=other_end, stdout=other_end, stderr=other_end, cwd=folder, env=env, start_new_session=True
        )
        os.close(other_end)
        self.seen = ""
        # compadd, by which every completion goes, writes what it would add.
        setup = (
            "unsetopt prompt_cr; PS1=; autoload -U compinit; compinit -u -D; source <(turntable completions zsh); "
            "compadd() { local -a found; builtin compadd -O found \"$@\"; print -rl -- MATCH:${^found} >> matches; builtin compadd \"$@\" }; "
            "print REA''DY"
        )
        self.send(setup + "\n")
        self.wait_for("READY")

    def send(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def wait_for(self, text: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.ours], [], [], 0.2)[0]:
                self.seen += os.read(self.ours, 65536).decode(errors="replace")

    def read_until(self, done, seconds: float = 30) -> None:
        """Until `done()`, and nothing more is said for a moment: a shell that is typed at meanwhile leaves out what it lists."""
        deadline = time.monotonic() + seconds
        quiet = False
        while not (quiet and done()) and time.monotonic() < deadline:
            quiet = not select.select([self.ours], [], [], 0.5)[0]
            if not quiet:
                self.seen += os.read(self.ours, 65536).decode(errors="replace")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def in_zsh(words: list[str], folder: Path) -> list[str]:
    matches = folder / "matches"
    matches.write_text("")
    shell = Zsh(folder)
    try:
        shell.send("turntable " + " ".join(words) + "\t")
        shell.read_until(lambda: "MATCH:" in matches.read_text())
    finally:
        shell.end()
    found = {line.removeprefix("MATCH:").rstrip() for line in matches.read_text().splitlines()} - {""}
    matches.unlink()
    return sorted(found - {"matches"})


COMPLETE = {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}

# What is typed, and what has to be among the answers, and what not.
TYPED = {
    "commands": ([""], {"run", "schema", "query", "history", "dead-letters"}, {"print", "one.sql"}),
    "a command begun": (["sch"], {"schema"}, {"run"}),
    "actions": (["dead-letters", ""], {"list", "show", "replay"}, {"run", "one.sql"}),
    "options": (["run", "--"], {"--set", "--until-end", "--lanes", "--log-format", "--help"}, {"--rate", "--format"}),
    "options of an action": (["schema", "apply", "--"], {"--set", "--add-columns"}, {"--until-end"}),
    "values": (["query", "--format", ""], {"table", "csv", "json", "ndjson"}, {"one.sql", "text"}),
    "values of a common option": (["run", "--log-format", ""], {"text", "json"}, {"one.sql"}),
    "values begun": (["produce", "--compression", "z"], {"zstd"}, {"gzip"}),
    "a shell": (["completions", ""], {"bash", "zsh", "fish"}, {"one.sql"}),
    "a pipeline": (["run", "o"], {"one.sql"}, {"note.txt"}),
    "a catalogue": (["produce", "--catalogue", "so"], {"songs.csv"}, {"note.txt"}),
    "statements": (["query", "-f", "q"], {"q.cql"}, {"note.txt"}),
    "any file": (["run", "--stats-json", "no"], {"note.txt"}, set()),
}  # fmt: skip


@pytest.mark.parametrize("typed", list(TYPED))
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes(shell, typed, folder):
    words, there, not_there = TYPED[typed]
    found = {reply.rstrip("=") for reply in COMPLETE[shell](words, folder)}
    assert there <= found, found
    assert not not_there & found, found


def test_bash_completes_a_name_with_a_blank_and_folders_on_the_way(folder):
    assert in_bash(["run", "two"], folder) == ["two words.sql"]
    assert in_bash(["run", ""], folder) == ["one.sql", "sub", "two words.sql"]
    assert in_bash(["query", "--format", "=", "nd"], folder) == ["ndjson"]  # --format=nd, as bash takes it apart.
