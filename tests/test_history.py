"""`turntable history`: the report's three questions, whose answers are computed a second time by sqlite3 and cassandra-driver."""

import html.parser
import json
import math
import re
import sqlite3
from collections import Counter

import pytest

from support.listening import PERSON, file_pipeline, play, plays
from support.tables import sqlite_rows

FEATURES = ["danceability", "energy", "valence", "acousticness", "tempo"]
HOSTILE = "<script>alert('x')</script> & \"quotes\""


def events(count: int) -> bytes:
    return b"\n".join(plays(count)) + b"\n"


@pytest.fixture
def database(turntable, tmp_path):
    """Plays that a pipeline wrote to SQLite."""
    path = tmp_path / "plays.ndjson"
    path.write_bytes(events(3000))
    file_pipeline(turntable, path).drain()
    return tmp_path / "history.db"


@pytest.fixture
def stored(turntable, tmp_path, cassandra, keyspace):
    """The same plays in Cassandra."""
    path = tmp_path / "plays.ndjson"
    path.write_bytes(events(3000))
    pipeline = file_pipeline(turntable, path, "cassandra", listening_history__contact_points=cassandra.address, listening_history__keyspace=keyspace)
    turntable.run("schema", "apply", pipeline.pipeline, *pipeline.sets).expect(0)
    pipeline.drain()
    return keyspace


def averages(text: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\w+) +[█▏▎▍▌▋▊▉]* +([\d.]+|none)$", "\n".join(section(text, "On average")), re.MULTILINE))


def section(text: str, title: str) -> list[str]:
    return text.partition(f"\n{title}\n")[2].partition("\n\n")[0].splitlines()


def counted(text: str, title: str) -> list[tuple[str, int]]:
    rows = [re.fullmatch(r"  (.*?) +[█▏▎▍▌▋▊▉]+ +([\d,]+)", line) for line in section(text, title)]
    return [(row[1], int(row[2].replace(",", ""))) for row in rows]


def most(names: list[str], limit: int) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda one: (-one[1], one[0].encode()))[:limit]


def mean(values: list) -> str:
    known = [value for value in values if value is not None]
    return f"{math.fsum(known) / len(known):.3f}" if known else "none"


def check(text: str, rows: list[tuple], with_people: bool, with_hours: bool) -> None:
    """`rows`: name, time, hour, song, and the features."""
    songs = [row[3] for row in rows]
    people = {row[0] for row in rows}
    said = re.search(r": ([\d,]+) plays? of ([\d,]+) songs? by ([\d,]+) (?:person|people)\b", " ".join(text.split()))
    assert [int(n.replace(",", "")) for n in said.groups()] == [len(rows), len(set(songs)), len(people)], text
    shown = counted(text, "Played most")
    assert [count for _, count in shown] == [count for _, count in most(songs, 15)]
    for (name, count), (song, expected) in zip(shown, most(songs, 15), strict=True):
        assert count == expected and (name == song or song.startswith(name.rstrip("…"))), (name, song)
    assert averages(text) == {feature: mean([row[4 + i] for row in rows]) for i, feature in enumerate(FEATURES)}
    assert [line.split("  ")[1] for line in section(text, "Played last")] == sorted((row[1] for row in rows), reverse=True)[:10]
    if with_hours:
        assert counted(text, "By hour") == [(f"{hour:02}", n) for hour, n in sorted(Counter(row[2] for row in rows).items())]
    if with_people:
        assert counted(text, "Who plays most") == most([row[0] for row in rows], 15)
    assert ("By hour" in text, "Who plays most" in text) == (with_hours, with_people)


QUESTIONS = {
    "everything": {},
    "a person": {"person": PERSON},
    "a day": {"date": "2024-03-03"},
    "an hour": {"hour": 10},
    "a partition": {"person": PERSON, "date": "2024-03-03", "hour": 10},
}
COLUMNS = f"name, time, hour, song, {', '.join(FEATURES)}"


def options(question: dict) -> list:
    return [word for name, value in question.items() for word in (f"--{name}", value)]


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_the_report_agrees_with_what_sqlite_has(question, database, turntable):
    asked = QUESTIONS[question]
    day = sqlite_rows(database, "SELECT date, hour FROM listening_history WHERE name = 'Dimitris Tsirmpas' LIMIT 1")[0]
    asked = {k: day[0] if k == "date" else day[1] if k == "hour" else v for k, v in asked.items()}
    rows = sqlite_rows(database, f"SELECT {COLUMNS}, date FROM listening_history")
    wanted = [row[:-1] for row in rows if row[0] == asked.get("person", row[0]) and row[2] == asked.get("hour", row[2]) and row[-1] == asked.get("date", row[-1])]
    assert wanted
    text = turntable.run("history", "--sqlite", database, *options(asked)).expect(0).stdout
    check(text, wanted, "person" not in asked, "hour" not in asked)
    with sqlite3.connect(database) as db:
        where = " AND ".join(f"{'name' if k == 'person' else k} = ?" for k in asked) or "1"
        for feature, value in averages(text).items():
            (of_sqlite,) = db.execute(f"SELECT avg({feature}) FROM listening_history WHERE {where}", list(asked.values())).fetchone()
            assert float(value) == pytest.approx(of_sqlite, abs=0.0006)


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_the_report_agrees_with_what_cassandra_has(question, stored, cassandra, turntable):
    rows = cassandra.rows(f"SELECT {COLUMNS}, date FROM {stored}.listening_history")
    day = next((row[-1], row[2]) for row in rows if row[0] == PERSON)
    asked = {k: day[0] if k == "date" else day[1] if k == "hour" else v for k, v in QUESTIONS[question].items()}
    wanted = [row[:-1] for row in rows if row[0] == asked.get("person", row[0]) and row[2] == asked.get("hour", row[2]) and row[-1] == asked.get("date", row[-1])]
    words = ["history", "--cassandra", cassandra.address, "--table", f"{stored}.listening_history", *options(asked)]
    text = turntable.run(*words).expect(0).stdout
    check(text, wanted, "person" not in asked, "hour" not in asked)
    if question == "a partition":
        of_cassandra = cassandra.rows(
            f"SELECT {', '.join(f'avg({feature})' for feature in FEATURES)} FROM {stored}.listening_history "
            f"WHERE name = '{PERSON}' AND date = '{day[0]}' AND hour = {day[1]}"
        )[0]
        for feature, average in zip(FEATURES, of_cassandra, strict=True):
            assert float(averages(text)[feature]) == pytest.approx(average, abs=0.0006)


# --------------------------------------------------------------------------------------------------------------------- forms


def odd_database(path, name=HOSTILE):
    """Nothing here is what a catalogue has: markup, control characters, wide letters, NULLs, zeros."""
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE listening_history (name text, date text, hour int, time text, song text, artists text, danceability real, "
            "energy real, valence real, acousticness real, tempo real, n int, PRIMARY KEY (name, date, hour, time, n))"
        )
        for n, song in enumerate([HOSTILE, "日本語の長い題名です" * 8, "control \x1b[31m\x07", "", "e\u0301" * 90, "o'clock"]):
            values = (name, "2024-03-03", n, f"2024-03-03 0{n}:00", song, None if n == 1 else song, 0.5, 0.0, 1.0, None, 250.0, n)
            db.execute(f"INSERT INTO listening_history VALUES ({', '.join('?' * 12)})", values)
    return path


class Page(html.parser.HTMLParser):
    """What a browser makes of it: elements, attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_a_page_is_one_file_that_executes_and_loads_nothing(turntable, tmp_path):
    odd_database(tmp_path / "odd.db")
    done = turntable.run("history", "--sqlite", "odd.db", "-o", "page.html").expect(0)
    assert done.stdout == ""
    text = (tmp_path / "page.html").read_text()
    page = Page(text)
    names = {name for name, _ in page.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "svg", "a", "base", "form"}, names
    assert not any(key.startswith("on") or key in ("src", "href") for _, attributes in page.elements for key in attributes)
    assert "url(" not in text and "@import" not in text and "prefers-color-scheme: dark" in text
    assert page.texts.count(HOSTILE) >= 3, "what is hostile is shown as it is written"
    assert "\x1b" not in text and "\x07" not in text
    assert any(attributes.get("name") == "viewport" for _, attributes in page.elements)
    assert turntable.run("history", "--sqlite", "odd.db", "-o", "-").expect(0).stdout == text


def test_a_page_says_the_same_as_the_text(database, turntable, tmp_path):
    text = turntable.run("history", "--sqlite", database).expect(0).stdout
    turntable.run("history", "--sqlite", database, "--output", "page.html").expect(0)
    page = Page((tmp_path / "page.html").read_text())
    shown = [one.strip() for one in page.texts if one.strip()]
    for feature, value in averages(text).items():
        assert shown[shown.index(feature) + 1] == value
    for title in ("Played last", "Played most", "On average", "By hour", "Who plays most"):
        assert title in shown
    people = counted(text, "Who plays most")
    assert [shown[shown.index("Who plays most") + 3 + 2 * i] for i in range(len(people))] == [name for name, _ in people]


def test_the_page_is_written_whole_or_not_at_all(database, turntable, tmp_path):
    (tmp_path / "page.html").write_text("before")
    turntable.run("history", "--sqlite", database, "--table", "spotify.nothing", "-o", "page.html").expect(1)
    assert (tmp_path / "page.html").read_text() == "before"
    same = turntable.run("history", "--sqlite", database, "-o", database).expect(2)
    assert "is the file that is read" in same.stderr


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_the_text_fits_its_terminal(columns, turntable, tmp_path):
    from test_terminal import Terminal

    odd_database(tmp_path / "odd.db")
    terminal = Terminal(turntable, ["history", "--sqlite", "odd.db"], columns)
    terminal.running.wait(60)
    shown = terminal.end().replace("\r\n", "\n")
    assert "\x1b" not in shown, "NO_COLOR is honoured"
    assert "Who plays most" in shown
    assert [line for line in shown.splitlines() if width(line) > columns] == []


def test_colours_are_for_a_terminal_alone(turntable, tmp_path):
    from test_terminal import Terminal

    odd_database(tmp_path / "odd.db")
    terminal = Terminal(turntable, ["history", "--sqlite", "odd.db"], 80, env={"NO_COLOR": "", "TERM": "xterm"})
    terminal.running.wait(60)
    coloured = terminal.end().replace("\r\n", "\n")
    plain = turntable.run("history", "--sqlite", "odd.db", env={"NO_COLOR": "", "TERM": "xterm"}).expect(0).stdout
    assert "\x1b[36m" in coloured and "\x1b" not in plain
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain


def width(line: str) -> int:
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


# -------------------------------------------------------------------------------------------------------------------- faults


def test_no_plays_are_no_failure(database, turntable):
    text = turntable.run("history", "--sqlite", database, "--person", "Nobody O'Clock").expect(0).stdout
    assert text.startswith("Listening history of Nobody O'Clock\n") and "0 plays of 0 songs by 0 people" in text


def test_what_cannot_be_asked_is_said(database, turntable, tmp_path):
    def refused(*words, code=2):
        return turntable.run("history", "--sqlite", database, *words).expect(code).stderr

    assert "'24' is no whole number from 0 to 23" in refused("--hour", 24)
    assert "'2024-02-30' is no day" in refused("--date", "2024-02-30")
    assert "is no KEYSPACE.TABLE" in refused("--table", "x; DROP TABLE y")
    assert "the history cannot be read from spotify.nothing" in refused("--table", "spotify.nothing", code=1)
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE listening_history (name text, time text)")
    assert "hour" in turntable.run("history", "--sqlite", "other.db").expect(1).stderr


def test_a_quote_in_a_name_is_a_letter(turntable, tmp_path):
    path = tmp_path / "plays.ndjson"
    song = json.loads(next(iter(plays(1))))["song"]
    path.write_bytes(play(1, name="O'Clock' OR 'a' = 'a", song=song) + b"\n" + play(2, name="other", song=song) + b"\n")
    file_pipeline(turntable, path).drain()
    text = turntable.run("history", "--sqlite", "history.db", "--person", "O'Clock' OR 'a' = 'a").expect(0).stdout
    assert "1 play of 1 song by 1 person" in text
