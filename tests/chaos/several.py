"""The oracle of several tables of one stream: pipelines/plays_by_person_song_and_day.sql, in one store or in two.

Of each record it says what becomes of it in each table: a row, or the reason why it has none there. A song that is not in the
catalogue leaves a record without a row in two tables, a time that is none in two others, so that of most records that are no row
somewhere there is one elsewhere: a partial failure. There is one dead letter for all INSERTs that made no row. It names each of
them with its reason, and as a whole is of the worst: of another reason than unmatched where there is one.

A replay runs the INSERTs that a letter names and no other. To see that, all tables are emptied before it, and what stands there
afterwards is only what was missing before: replayed() says what that is, with the catalogue that the replay has.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.oracle import Fates, Judge, Place, Record, hour_and_date, with_inserts
from support.listening import FEATURES

COLUMNS = {
    "plays_by_person": ["name", "date", "hour", "time", "song", "artists", "duration_ms", "kafka_partition", "kafka_offset"],
    "plays_by_song": ["song", "time", "name", "artists", "kafka_partition", "kafka_offset"],
    "plays_by_day": ["date", "time", "name", "song", "kafka_partition", "kafka_offset"],
}
SONG_OF_PERSON = COLUMNS["plays_by_person"].index("song")
ARTISTS, DURATION = FEATURES.index("artists"), FEATURES.index("duration_ms")
NOT_NAMED = "written already, and whose dead letter does not name the table,"


class SeveralJudge:
    """Decides about one record: by table the row that it leaves there, or the reason why it leaves none."""

    def __init__(self, songs: Mapping[str, tuple]) -> None:
        self.judge = Judge(songs)

    def by_table(self, place: Place, value: bytes | None) -> dict[str, tuple | str]:
        event = self.judge.event_or_reason(value)
        if isinstance(event, str):
            return dict.fromkeys(COLUMNS, event)
        name, song, time = event["name"], event["song"], event["time"]
        features, clock = self.judge.songs.get(song), hour_and_date(time)
        if features is None:
            of_person = of_song = "unmatched"
        else:
            of_song = (song, time, name, features[ARTISTS], *place)  # Does not look into the time.
            of_person = "bad_value" if clock is None else (name, clock[1], clock[0], time, song, features[ARTISTS], features[DURATION], *place)
        of_day = "bad_value" if clock is None else (clock[1], time, name, song, *place)
        return {"plays_by_person": of_person, "plays_by_song": of_song, "plays_by_day": of_day}


def fates_of(songs: Mapping[str, tuple], records: Mapping[Place, Record]) -> Fates:
    judge = SeveralJudge(songs)
    judged = {place: judge.by_table(place, record.value) for place, record in records.items()}
    tables = {table: {place: by_table[table] for place, by_table in judged.items()} for table in COLUMNS}
    return Fates(tables, {place: letter_or_rows(by_table) for place, by_table in judged.items()})


def letter_or_rows(by_table: Mapping[str, tuple | str]) -> tuple | str:
    """The reason of the record's dead letter, with all that it names; its rows where it has none."""
    reasons = {table: fate for table, fate in by_table.items() if isinstance(fate, str)}
    if not reasons:
        return tuple(by_table.values())
    worst = next((reason for reason in reasons.values() if reason != "unmatched"), "unmatched")
    return with_inserts(worst, reasons.items())


def with_features(row: tuple, features: tuple) -> tuple:
    """A row of plays_by_person with the features of another version of its song."""
    return (*row[: SONG_OF_PERSON + 1], features[ARTISTS], features[DURATION], *row[-2:])


def failed_partly(fates: Fates) -> set[Place]:
    """The records that have a row in one table and none in another."""
    has_row = [{place for place, fate in of_table.items() if isinstance(fate, tuple)} for of_table in fates.tables.values()]
    return set.union(*has_row) - set.intersection(*has_row)


def unknown_songs(songs: Mapping[str, tuple], records: Mapping[Place, Record]) -> list[str]:
    """Those that were played and are not in the catalogue."""
    judge = Judge(songs)
    events = (judge.event_or_reason(record.value) for record in records.values())
    return sorted({event["song"] for event in events if not isinstance(event, str)} - songs.keys())


def replayed(before: Fates, mended: Fates) -> dict[str, dict[Place, tuple | str]]:
    """What a replay of all dead letters leaves in tables that were emptied: by table, of each record its row or why it has none."""
    return {
        table: {place: mended.tables[table][place] if isinstance(fate, str) else NOT_NAMED for place, fate in of_table.items()}
        for table, of_table in before.tables.items()
    }
