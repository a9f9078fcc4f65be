"""Lookups as other programs write them: columns without a name, texts for NULL, escaped quotes, other delimiters, no header, files that
are no text; and what is said of a file that is read wrongly."""

import gzip
import json
import subprocess

import pytest

from support.tables import sqlite_rows

TABLES = """CREATE TABLE plays (id int, song text) WITH (connector = 'ndjson', path = 'ev.ndjson', dead_letters = 'file:dl.jsonl');
CREATE TABLE songs ({columns}) WITH (connector = 'csv', path = 'songs.csv'{options});
CREATE TABLE found (id int, x {type}) WITH (connector = 'sqlite', path = 'found.db', primary_key = 'id');
INSERT INTO found SELECT p.id, s.{value} AS x FROM plays p JOIN songs s ON s.{key} = p.song;
"""


@pytest.fixture
def joined(turntable, tmp_path):
    """Runs events, one for each song, against a lookup of that text."""

    def run(csv, songs=("Alpha", "Beta"), columns="", options="", value="x", key="name", type="int"):
        (tmp_path / "songs.csv").write_bytes(csv if isinstance(csv, bytes) else csv.encode())
        (tmp_path / "ev.ndjson").write_text("".join(json.dumps({"id": id, "song": song}) + "\n" for id, song in enumerate(songs)))
        for made in ("found.db", "dl.jsonl"):
            (tmp_path / made).unlink(missing_ok=True)
        path = tmp_path / "p.sql"
        path.write_text(TABLES.format(columns=columns, options=options and ", " + options, value=value, key=key, type=type))
        return turntable.run("run", path)

    return run


def rows(tmp_path):
    """The x of each event that found its song, by id."""
    return dict(sqlite_rows(tmp_path / "found.db", "SELECT id, x FROM found"))


def details(tmp_path):
    return [json.loads(line)["detail"] for line in (tmp_path / "dl.jsonl").read_text().splitlines()]


BOTH = {0: 1, 1: 2}

# ------------------------------------------------------------------------------------------- columns that cannot be named

FILES = {
    "pandas": ",name,x\n0,Alpha,1\n1,Beta,2\n",
    "r": '"","name","x"\n"1","Alpha",1\n"2","Beta",2\n',
    "excel": "name,x,\nAlpha,1,\nBeta,2\n",
    "repeated": "name,y,x,y\nAlpha,3,1,4\nBeta,3,2,4\n",
    "latin1": "name,x,caf\xe9\nAlpha,1,2\nBeta,2,3\n".encode("latin-1"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("columns", ["", "name text, x int"])
def test_columns_that_nobody_can_name_are_passed_over(joined, tmp_path, name, columns):
    done = joined(FILES[name], columns=columns, options="key = 'name'").expect(0)
    assert rows(tmp_path) == BOTH, done.transcript()
    assert ("is passed over" in done.stdout) == (columns == ""), done.transcript()


@pytest.mark.parametrize(("columns", "options"), [("", ""), ("name text, y int", ""), ("", "key = 'y'")])
def test_a_repeated_name_that_is_used_is_a_fault(joined, columns, options):
    wrong = joined(FILES["repeated"], columns=columns, options=options, value="y").expect(2)
    assert "columns 2 and 4 of songs.csv are both named 'y': rename one of them" in wrong.stderr


# ------------------------------------------------------------------------------------------- cells that are no values

BAD_CELLS = "name,x,streams\nAlpha,1,\\N\nBeta,2,NA\nGamma,3,null\nDelta,4,-\nEpsilon,5,BPM110Key\nZeta,6,77\n"
SONGS = ("Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta")
STREAMS = "name text, x int, streams bigint"


def test_a_bad_cell_in_a_column_that_is_not_needed_costs_nothing(joined, tmp_path):
    done = joined(BAD_CELLS, SONGS, STREAMS, "key = 'name'").expect(0)
    assert rows(tmp_path) == {id: id + 1 for id in range(6)}, done.transcript()
    assert "left out" not in done.stdout


def test_a_letter_says_that_its_row_was_left_out(joined, tmp_path):
    done = joined(BAD_CELLS, (*SONGS, "Eta"), STREAMS, "max_left_out_ratio = '1'", value="streams", type="bigint").expect(3)
    assert rows(tmp_path) == {5: 77}
    hint = "; where that means NULL, set null = "
    assert details(tmp_path) == [
        f"the row of songs with name = 'Alpha' was left out (line 2: column 'streams' is '\\N', which bigint cannot hold{hint}'\\N')",
        f"the row of songs with name = 'Beta' was left out (line 3: column 'streams' is 'NA', which bigint cannot hold{hint}'NA')",
        f"the row of songs with name = 'Gamma' was left out (line 4: column 'streams' is 'null', which bigint cannot hold{hint}'null')",
        f"the row of songs with name = 'Delta' was left out (line 5: column 'streams' is '-', which bigint cannot hold{hint}'-')",
        "the row of songs with name = 'Epsilon' was left out (line 6: column 'streams' is 'BPM110Key', which bigint cannot hold)",
        "no row of songs has name = 'Eta'",
    ]


def test_texts_that_stand_for_null(joined, tmp_path):
    done = joined(BAD_CELLS, SONGS, STREAMS, r"null = 'NA,\N,null,-'", value="streams", type="bigint").expect(3)
    assert rows(tmp_path) == {0: None, 1: None, 2: None, 3: None, 5: 77}, done.transcript()
    # Without a declaration the column is a number then, too; a key that is NULL matches nothing.
    done = joined("name,x\nAlpha,1\nBeta,NA\nNA,3\n", ("Alpha", "Beta", "NA"), options="null = 'NA'").expect(3)
    assert rows(tmp_path) == {0: 1, 1: None}
    assert "songs: 1 row left out, because 'name' is empty:\n  line 4\n" in done.stdout
    # A comma and nothing at all are said in double quotes.
    done = joined('name,x\nAlpha,""\nBeta,"n, a"\n', columns="name text, x int", options="""null = '"","n, a"'""").expect(0)
    assert rows(tmp_path) == {0: None, 1: None}
    wrong = joined("name,x\nAlpha,1\n", options="null = 'NA,,x'").expect(2)
    assert "null cannot be 'NA,,x', expected texts with commas between them, such as 'NA,\\N'; one with a comma" in wrong.stderr


def test_a_file_of_which_most_rows_are_left_out_stops_the_run(joined):
    wrong = joined(BAD_CELLS, SONGS, STREAMS, value="streams", type="bigint").expect(2)
    assert "5 of the 6 rows of songs.csv are left out, and max_left_out_ratio is 0.5; the first: line 2: column 'streams'" in wrong.stderr
    assert "; line 4: column 'streams' is 'null'" in wrong.stderr and "line 5" not in wrong.stderr
    assert "max_left_out_ratio cannot be '2'" in joined(BAD_CELLS, options="max_left_out_ratio = '2'").expect(2).stderr


def test_faults_of_several_files_come_in_one_pass(turntable, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("k,n\nx,y\n")
    (tmp_path / "ev.ndjson").write_text("")
    (tmp_path / "p.sql").write_text(
        """CREATE TABLE e (k text) WITH (connector = 'ndjson', path = 'ev.ndjson');
CREATE TABLE a (k text, n int) WITH (connector = 'csv', path = 'a.csv');
CREATE TABLE b (k text, n int) WITH (connector = 'csv', path = 'b.csv');
CREATE TABLE o () WITH (connector = 'console');
INSERT INTO o SELECT a.n, b.n AS m FROM e JOIN a ON a.k = e.k JOIN b ON b.k = e.k;"""
    )
    wrong = turntable.run("run", tmp_path / "p.sql").expect(2)
    assert len(wrong.stderr.splitlines()) == 2, wrong.transcript()
    for name, line, said in zip("ab", (2, 3), wrong.stderr.splitlines(), strict=True):
        assert f"p.sql:{line}:" in said and f"{name}.csv has no row that can be used; the first: line 2: column 'n' is 'y', which int" in said


# ------------------------------------------------------------------------------------------- no rows, no header, no file


def test_a_header_alone_is_a_lookup_of_no_rows(joined, tmp_path):
    done = joined("name,x\n", columns="name text, x int").expect(3)
    assert "songs: it has no rows, so that nothing matches" in done.stdout
    assert details(tmp_path) == ["no row of songs has name = 'Alpha'", "no row of songs has name = 'Beta'"]


def test_a_file_without_a_header(joined, tmp_path):
    done = joined("Alpha,1\nBeta,2\n", columns="name text, x int", options="header = 'false'").expect(0)
    assert rows(tmp_path) == BOTH
    done = joined("Alpha,1\nBeta,2\nGamma\n", columns="name text, x int", options="header = 'false'").expect(0)
    assert "line 3: 1 field where the table declares 2" in done.stdout
    wrong = joined("Alpha,1\n", options="header = 'false'").expect(2)
    assert "header = 'false' needs the columns declared, in the order of the file: CREATE TABLE songs (name text, …)" in wrong.stderr
    wrong = joined("Alpha,1\nBeta,2\n", columns="name text, x int").expect(2)
    assert "there is no column 'name': the header has 'Alpha', '1'; where the file has no header, set header = 'false'" in wrong.stderr


def test_commands_that_join_nothing_do_without_the_file(joined, turntable, tmp_path):
    joined("name,x\nAlpha,1\n", columns="name text, x int").expect(3)
    (tmp_path / "songs.csv").unlink()
    path = tmp_path / "p.sql"
    assert "no row of songs has name = 'Beta'" in turntable.run("dead-letters", "list", path).expect(0).stdout
    assert json.loads(turntable.run("dead-letters", "show", path).expect(0).stdout)["detail"] == "no row of songs has name = 'Beta'"
    assert "cannot open songs.csv" in turntable.run("dead-letters", "replay", path).expect(2).stderr
    assert "CREATE TABLE" in turntable.run("schema", "print", path).expect(0).stdout
    turntable.run("schema", "apply", path).expect(0)
    turntable.run("schema", "check", path).expect(0)
    # Without a declaration its columns are needed.
    path.write_text(path.read_text().replace("songs (name text, x int)", "songs ()"))
    assert "cannot open songs.csv" in turntable.run("schema", "print", path).expect(2).stderr
    # What is wrong with the declaration is found all the same.
    path.write_text(path.read_text().replace("songs ()", "songs (name text, x interval)"))
    assert "the column 'x' of songs.csv cannot be of type interval" in turntable.run("schema", "print", path).expect(2).stderr


# ------------------------------------------------------------------------------------------- dialects

# Written by Spark 3.5.7: df.write.csv(..., header=True).
SPARK = r'''name,x
plain,0
"say \"hi\"",1
"\"",2
a\b,3
"a\\\"b",4
"a\\,b",5
"x
y\\",6
"comma, and \\\"both\\\"",7
'''
WRITTEN = ("plain", 'say "hi"', '"', "a\\b", 'a\\"b', "a\\,b", "x\ny\\", 'comma, and \\"both\\"')


def test_quotes_that_spark_escapes_by_a_backslash(joined, tmp_path):
    done = joined(SPARK, WRITTEN, options="escape = '\\'").expect(0)
    assert rows(tmp_path) == {id: id for id in range(8)}, done.transcript()


def test_a_row_that_looks_as_if_spark_wrote_it_names_the_option(joined, tmp_path):
    done = joined('name,x\n"Blues (From \\"Bad\\" Show)",1\nBeta,2\n', ("Beta", 'Blues (From "Bad" Show)')).expect(3)
    why = "line 2: text follows a closing quote; where \\\" means a quote, as Spark writes it, set escape = '\\'"
    assert f"left out, because they cannot be read:\n  {why}\n" in done.stdout
    assert details(tmp_path) == [
        f"no row of songs has name = 'Blues (From \"Bad\" Show)' (1 row that was left out could be it, such as {why})"
    ]


@pytest.mark.parametrize("option", ["'\\t'", "'tab'", "E'\\t'", "'\t'"])
def test_a_tab_is_a_delimiter(joined, tmp_path, option):
    joined("name\tx\nAlpha\t1\nBeta\t2\n", options=f"delimiter = {option}").expect(0)
    assert rows(tmp_path) == BOTH


FAULTS = {
    "delimiter = ''": "delimiter cannot be '', expected one ASCII character, or 'tab'",
    "escape = ','": "escape cannot be ',', expected one ASCII character other than the delimiter",
    "escape = 'ab'": "escape cannot be 'ab', expected one ASCII character other than the delimiter, such as '\\'",
    "header = 'no'": "header cannot be 'no', expected 'true' or 'false'",
}


@pytest.mark.parametrize("option", FAULTS)
def test_options_that_mean_nothing_are_faults(joined, option):
    assert FAULTS[option] in joined("name,x\nAlpha,1\n", options=option).expect(2).stderr


@pytest.mark.parametrize("character", [";", "|", "\t"])
@pytest.mark.parametrize("options", ["", "key = 'name'"])
def test_the_wrong_delimiter_is_named_with_the_header_as_it_was_read(joined, tmp_path, character, options):
    wrong = joined(f"name{character}x\nAlpha{character}1\n", options=options).expect(2)
    read = "name\\tx" if character == "\t" else f"name{character}x"
    hint = f"if '{character}' is the delimiter, set delimiter = '{character}'"
    if character == "\t":
        hint = "if a tab is the delimiter, set delimiter = 'tab'"
    assert f"the header is one column, '{read}'; {hint}" in wrong.stderr, wrong.transcript()
    # The sentence says what helps.
    joined(f"name{character}x\nAlpha{character}1\n", ("Alpha",), options=hint.rpartition("set ")[2]).expect(0)
    assert rows(tmp_path) == {0: 1}


TEXT = "name,x\nAlpha,1\nBeta,2\n"


@pytest.mark.parametrize(
    ("data", "what", "command"),
    [
        (gzip.compress(TEXT.encode()), "compressed by gzip", "gunzip -c"),
        (TEXT.encode("utf-16"), "text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
        (TEXT.encode("utf-16-le"), "text in UTF-16", "iconv -f UTF-16LE -t UTF-8"),
        (TEXT.encode("utf-16-be"), "text in UTF-16", "iconv -f UTF-16BE -t UTF-8"),
        (TEXT.encode("utf-32"), "text in UTF-32", "iconv -f UTF-32 -t UTF-8"),
    ],
    ids=["gzip", "utf16", "utf16le", "utf16be", "utf32"],
)
def test_a_file_that_is_no_text_is_named_with_the_command_that_mends_it(joined, tmp_path, data, what, command):
    wrong = joined(data).expect(2)
    told = f"songs.csv is {what}, expected text in UTF-8: {command} songs.csv > songs.plain.csv"
    assert told in wrong.stderr, wrong.transcript()
    # The command does what it says.
    subprocess.run(told.partition("UTF-8: ")[2], shell=True, cwd=tmp_path, check=True)
    joined((tmp_path / "songs.plain.csv").read_bytes()).expect(0)
    assert rows(tmp_path) == BOTH


# ------------------------------------------------------------------------------------------- keys that are nearly right


def test_a_run_in_which_next_to_nothing_matches_shows_the_nearest_keys(joined):
    done = joined("name,x\nAlphas,1\nBetas,2\nGamma,3\n", ("Alpha", "Alpha", "Delta")).expect(3)
    said = "  songs has no row for 3 records: name = 'Alpha' (2), name = 'Delta' (1)\n"
    assert said + "    name = 'Alpha' was missed; the nearest: name = 'Alphas'\n" in done.stdout, done.transcript()
    done = joined("name,x\n ALPHA,1\nBeta,2\n", ("Alpha",)).expect(3)
    assert "name = 'Alpha' was missed; name = ' ALPHA' differs from it in case or white space only\n" in done.stdout
    done = joined("name,x\nspotify:1,1\nspotify:2,2\n", ("Alpha",)).expect(3)
    assert "name = 'Alpha' was missed, and no key is like it; there are such as name = 'spotify:1', name = 'spotify:2'\n" in done.stdout
    done = joined("name,x\nAlphas,1\nBeta,2\n", ("Alpha", "Beta")).expect(3)
    assert "was missed" not in done.stdout, "half of them match"
