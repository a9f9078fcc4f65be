"""What the SQL's faults say: the cause is named, with what to write instead, where another dialect, an invisible character or a word that
SQL keeps for itself got into a pipeline."""

import gzip
import subprocess

import pytest

PIPELINE = """CREATE TABLE plays (id int, song text, WORD text) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'drop');
CREATE TABLE o () WITH (connector = 'console');
INSERT INTO o SELECT p.id FROM plays p;
"""
EXPRESSION = """CREATE TABLE plays (id int, song text, at text) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'drop');
CREATE TABLE o () WITH (connector = 'console');
INSERT INTO o SELECT VALUE AS v FROM plays p;
"""


@pytest.fixture
def faults_of(turntable, tmp_path):
    """The faults of a pipeline, each without the file's name."""
    (tmp_path / "plays.ndjson").write_text('{"id":1,"song":"Alpha"}\n')

    def faults(sql):
        (tmp_path / "p.sql").write_text(sql, encoding="utf-8")
        wrong = turntable.run("run", "p.sql", "--until-end", cwd=tmp_path).expect(2)
        return [line.split("p.sql:", 1)[1] for line in wrong.stderr.splitlines() if "p.sql:" in line]

    return faults


@pytest.mark.parametrize("word", "user end from to order group table offset limit check primary like left".split())
def test_a_reserved_word_where_a_name_should_stand(faults_of, word):
    found = faults_of(PIPELINE.replace("WORD", word))
    if word == "like":
        assert found == ['1:45: LIKE a table is not supported (yet): a column called like is written "like", in double quotes']
    else:
        assert found == [f'1:40: {word} is a reserved word: write "{word}" in double quotes']


def test_the_word_in_double_quotes_is_taken(turntable, tmp_path):
    (tmp_path / "plays.ndjson").write_text('{"id":1,"song":"Alpha","user":"Ann"}\n')
    sql = PIPELINE.replace("WORD", '"user"').replace("SELECT p.id", 'SELECT p."user"')
    (tmp_path / "p.sql").write_text(sql)
    assert "Ann" in turntable.run("run", "p.sql", "--until-end", cwd=tmp_path).expect(0).stdout


def test_all_reserved_words_of_a_statement_are_named_in_one_pass(faults_of):
    assert faults_of(PIPELINE.replace("WORD text", "check text, from text, userId text, Order text")) == [
        '1:40: check is a reserved word: write "check" in double quotes',
        '1:52: from is a reserved word: write "from" in double quotes',
        '1:76: Order is a reserved word: write "Order" in double quotes',
    ]


def test_a_name_in_backticks(faults_of):
    assert faults_of(PIPELINE.replace("WORD", "`songName`")) == [
        '1:40: names are quoted by double quotes, not by backticks: write "songName"'
    ]


def test_what_other_dialects_write(faults_of):
    assert faults_of(PIPELINE.replace("WORD", "[song name]")) == [
        '1:40: names are quoted by double quotes, not by brackets: write "song name"'
    ]
    assert faults_of(PIPELINE.replace("WORD text", "at text,")) == ["1:47: a comma stands before ) here: take it away"]
    assert faults_of(PIPELINE.replace("'drop');", "'drop')", 1).replace("WORD", "at")) == [
        "2:1: a semicolon is missing before this CREATE"
    ]
    assert faults_of(PIPELINE.replace("WORD", "at").replace("connector = 'ndjson'", "'connector' = 'ndjson'")) == [
        "1:55: an option's name stands in no single quotes: write connector"
    ]
    assert faults_of(PIPELINE.replace("WORD", "at").replace("'plays.ndjson'", "data/plays.ndjson")) == [
        "1:84: the value of option path must stand in single quotes: write path = 'data/plays.ndjson'"
    ]
    assert faults_of(PIPELINE.replace("WORD text", "at text, WATERMARK FOR at AS at")) == [
        "1:49: there are no watermarks here: leave the line out; each record's row is written when it comes"
    ]


@pytest.mark.parametrize(
    "value, fault",
    [
        ("p.id == 1", "3:22: the operator == is not supported: write ="),
        ("p.id = 1 && p.id = 2", "3:31: the operator && is not supported: write AND"),
        ("\"Alpha\"", "3:22: there is no column Alpha. A text stands in single quotes: 'Alpha'"),
        ("ifnull(p.song, '')", "3:22: there is no function ifnull: write coalesce(a, b)"),
        ("current_user", '3:22: current_user is a reserved word: write "current_user" in double quotes for a column of that name'),
        (
            "to_timestamp(p.at, 'yyyy-MM-dd HH:mm:ss')",
            "3:41: to_timestamp: the pattern is one of Java and Spark, where HH is the hour of the day; here that is HH24: write "
            "'YYYY-MM-DD HH24:MI:SS'",
        ),
        (
            "to_timestamp(p.at, '%Y-%m-%d')",
            "3:41: to_timestamp: the pattern is one of strftime, where %Y is the year; here that is YYYY: write 'YYYY-MM-DD'",
        ),
        (
            "to_timestamp(p.at, '2006-01-02')",
            "3:41: to_timestamp: the pattern is one of Go, where 2006 is the year; here that is YYYY: write 'YYYY-MM-DD'",
        ),
    ],
)
def test_a_value_as_others_write_it(faults_of, value, fault):
    assert faults_of(EXPRESSION.replace("VALUE", value))[0] == fault


def test_an_unknown_function_lists_those_there_are(faults_of):
    (fault,) = faults_of(EXPRESSION.replace("VALUE", "haversine(p.song)"))
    assert fault.startswith("3:22: there is no function haversine. Functions are ")
    assert " coalesce, " in fault and " to_timestamp" in fault


def test_a_type_is_named_as_it_was_written(faults_of):
    (fault,) = faults_of(PIPELINE.replace("WORD text", "price NUMBER(10,2)"))
    assert fault.startswith("1:46: there is no type NUMBER. Write numeric. Types are boolean, smallint, ")
    (fault,) = faults_of(PIPELINE.replace("WORD text", "at DATETIME(3)"))
    assert fault.startswith("1:43: there is no type DATETIME. Write timestamptz. Types are ")


def test_a_no_break_space_is_said(faults_of):
    sql = PIPELINE.replace("WORD", "at").replace("TABLE plays (", "TABLE plays\u00a0(")
    assert faults_of(sql) == [
        "1:19: a no-break space (U+00A0) stands here, which is not taken for a space: write a plain one"
    ]


@pytest.mark.parametrize("code", [0x2009, 0x200B, 0x202F, 0x3000, 0xFEFF, 0x00AD, 0x202E])
def test_other_characters_that_cannot_be_seen(faults_of, code):
    (fault,) = faults_of(PIPELINE.replace("WORD", "at").replace("INTO o", f"INTO{chr(code)} o"))
    assert fault.startswith("3:12: ") and f"(U+{code:04X}) stands here" in fault


def test_inside_of_quotes_they_stand_for_themselves(turntable, tmp_path):
    (tmp_path / "plays.ndjson").write_text('{"id":1,"song":"Alpha"}\n')
    (tmp_path / "p.sql").write_text(EXPRESSION.replace("VALUE", "'a\u00a0b' -- \u200b\n"), encoding="utf-8")
    assert "a\u00a0b" in turntable.run("run", "p.sql", "--until-end", cwd=tmp_path).expect(0).stdout


def test_curly_quotes_are_named(faults_of):
    sql = PIPELINE.replace("WORD", "at").replace("'console'", "\u2018console\u2019")
    assert faults_of(sql) == [
        "2:37: \u2018 (U+2018) is no quote here: names stand between \" and texts between '",
        "2:45: \u2019 (U+2019) is no quote here: names stand between \" and texts between '",
    ]


def test_hints_quote_names_as_sql_does(faults_of):
    sql = PIPELINE.replace("WORD", '"LocationID"').replace("p.id", "p.LocationId")
    assert faults_of(sql) == ['3:24: table plays has no column locationid. Did you mean "LocationID"?']


# ------------------------------------------------------------------------------------------------------ files in another encoding

AS_OTHERS_SAVE = {
    "UTF-16": (lambda text: text.encode("utf-16"), "is text in UTF-16, expected text in UTF-8: iconv -f UTF-16 -t UTF-8 {0}.sql > {0}.plain.sql"),
    "UTF-16 without a mark": (
        lambda text: text.encode("utf-16-le"),
        "is text in UTF-16, expected text in UTF-8: iconv -f UTF-16LE -t UTF-8 {0}.sql > {0}.plain.sql",
    ),
    "gzip": (lambda text: gzip.compress(text.encode()), "is compressed by gzip, expected text in UTF-8: gunzip -c {0}.sql > {0}.plain.sql"),
}


@pytest.mark.parametrize("kind", list(AS_OTHERS_SAVE))
def test_a_pipeline_or_query_that_is_no_text_is_named_with_the_command_that_mends_it(kind, turntable, tmp_path):
    change, said = AS_OTHERS_SAVE[kind]
    (tmp_path / "plays.ndjson").write_text('{"id":1}\n')
    (tmp_path / "p.sql").write_bytes(change(PIPELINE.replace(", WORD text", "").replace("console'", "sqlite', path = 'o.db', primary_key = 'id'")))
    (tmp_path / "q.sql").write_bytes(change("SELECT id FROM o;\n"))
    for words in (["run", "p.sql"], ["schema", "print", "p.sql"], ["dead-letters", "list", "p.sql"]):
        assert "the pipeline p.sql " + said.format("p") in turntable.run(*words).expect(2).stderr
    subprocess.run(["sh", "-c", said.format("p").split("UTF-8: ")[1]], cwd=tmp_path, check=True)
    turntable.run("run", "p.plain.sql").expect(0)
    query = ["query", "--sqlite", "o.db", "--format", "json", "-f"]
    assert "q.sql " + said.format("q") in turntable.run(*query, "q.sql").expect(2).stderr
    subprocess.run(["sh", "-c", said.format("q").split("UTF-8: ")[1]], cwd=tmp_path, check=True)
    assert '{"id":1}' in turntable.run(*query, "q.plain.sql").expect(0).stdout
