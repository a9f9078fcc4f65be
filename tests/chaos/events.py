"""What the producer sends: plays that match, plays of unknown songs, and records that are no plays; all from a seed.

Each event carries its number. No event has two faults, so that there is one right reason for every dead letter; only where there
are several tables, each of which has its own, some have. Keys and headers come in every form that Kafka knows, for a dead letter must have them unchanged.
"""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from support.listening import PERSON

PEOPLE = [PERSON, "Ann", "Zoë Łukasz", 'Quo"te \\ Back', "名無し", "O'Neil\tTab", *(f"Listener {n}" for n in range(1, 40))]
BEGIN = datetime.datetime(2024, 3, 1)
MINUTES = 4 * 24 * 60  # Few enough that many plays share a minute.
UNMATCHED_SHARE, MALFORMED_SHARE = 0.05, 0.05
TIMELESS_SHARE = 0.3  # Of Partly: of the plays of unknown songs, those whose time is none.
# Of Turns: how many people play at a time, how many plays each has at most, and how often the next play is of the same person.
PLAYING, PLAYS_LIMIT, AGAIN_SHARE = 6, 60, 0.5
DEVICES = ["phone", "Küchenradio", "television in the living room"]

Fields = dict[str, object]
Headers = tuple[tuple[str, bytes | None], ...]

KEYS: list[bytes | None] = [None, b"", b"k", "Zoë".encode(), b"\x00\xff\xfe"]
HEADERS: list[Headers] = [
    (),
    (("trace", b"1"),),
    (("trace", b"\xff\x00"), ("trace", b"2"), ("", b"")),
    (("none", None), ("größe", "ü".encode())),
    # As of a record that was a dead letter before: those of its new letter come behind these.
    (("__connect.errors.topic", b"elsewhere"), ("__connect.errors.offset", b"7"), ("turntable.reason", b"unmatched")),
]


@dataclass(frozen=True, slots=True)
class Event:
    number: int
    meant: str  # "row", "unmatched" or another reason.
    value: bytes | None
    key: bytes | None
    headers: Headers
    person: str | None = None  # Whose records are all in one partition, where that matters.


def without(play: Fields, field: str) -> Fields:
    return {name: value for name, value in play.items() if name != field}


def text(play: Fields) -> bytes:
    return json.dumps(play).encode()


# By the reason with which each is to become a dead letter: ways to spoil a play.
MALFORMED: dict[str, list[Callable[[Fields], bytes | None]]] = {
    "empty_value": [lambda play: None, lambda play: b""],
    "invalid_utf8": [lambda play: text(play).replace(b'"name": "', b'"name": "\xff\xfe'), lambda play: b'{"uid": "' + b"\xc3\x28" + b'"}'],
    "json_syntax": [
        lambda play: text(play)[:-1],
        lambda play: text(play)[: len(text(play)) // 2],
        lambda play: b"{not json " + text(play),
        lambda play: b"[" + text(play) + b"]",
        lambda play: text(play) + b"}",
        lambda play: b"%d" % play["id"],
        lambda play: text(play).replace(b": ", b" ", 1),
    ],
    "missing_field": [lambda play, f=field: text(without(play, f)) for field in ("id", "name", "song", "time")],
    "null_field": [lambda play, f=field: text({**play, f: None}) for field in ("id", "name", "song", "time")],
    "wrong_type": [
        lambda play: text({**play, "id": str(play["id"])}),
        lambda play: text({**play, "name": 7}),
        lambda play: text({**play, "song": ["a"]}),
        lambda play: text({**play, "time": {"at": play["time"]}}),
    ],
    "out_of_range": [lambda play: text({**play, "id": 2**31 + play["id"]}), lambda play: text({**play, "id": -(2**31) - 1 - play["id"]})],
    "bad_value": [
        lambda play: text({**play, "time": "soon"}),
        lambda play: text({**play, "time": "2024-13-01 10:00"}),
        lambda play: text({**play, "time": "2024-02-30 10:00"}),
        lambda play: text({**play, "time": "2024-03-03 25:00"}),
    ],
}


class Events:
    """An endless row of events, the same for the same seed."""

    malformed = MALFORMED

    def __init__(self, seed: int, songs: list[str]) -> None:
        self.chance = random.Random(f"events {seed}")
        self.seed = seed
        self.songs = songs
        self.number = 0

    def next(self) -> Event:
        meant, value, _ = self.play()
        key, headers = self.chance.choice(KEYS), self.chance.choice(HEADERS)
        return Event(self.number, meant, value, b"none" if value is None and key is None else key, headers)  # aiokafka wants one of the two.

    def person(self) -> str:
        return self.chance.choice(PEOPLE)

    def more(self) -> Fields:
        """What a play has beside what every play has."""
        return {}

    def unmatched(self, play: Fields) -> tuple[str, bytes]:
        """What becomes of a play of an unknown song."""
        return "unmatched", text(play)

    def play(self) -> tuple[str, bytes | None, str]:
        """What it is, its value, and whose it is."""
        chance = self.chance
        self.number += 1
        play: Fields = {
            "id": self.number,
            "name": self.person(),
            "song": chance.choice(self.songs),
            "time": f"{BEGIN + datetime.timedelta(minutes=chance.randrange(MINUTES)):%Y-%m-%d %H:%M}",
            "uid": f"{self.seed}-{self.number}",
            **self.more(),
        }
        person = str(play["name"])
        lot = chance.random()
        if lot < MALFORMED_SHARE:
            reason = chance.choice(list(self.malformed))
            return reason, chance.choice(self.malformed[reason])(play), person
        if lot < MALFORMED_SHARE + UNMATCHED_SHARE:
            play["song"] = f"No such song {self.number}"
            return *self.unmatched(play), person
        # The same play as other producers would write it: without escapes, in another order, with another spacing.
        items = list(play.items())
        chance.shuffle(items)
        spaced = (", ", ": ") if chance.random() < 0.5 else (",", ":")
        value = json.dumps(dict(items), ensure_ascii=chance.random() < 0.5, separators=spaced)
        return "row", value.encode(), person


class Partly(Events):
    """For several tables, of which some need the song and some the time. A play that has neither is unmatched for one INSERT and
    rejected by another, and its dead letter says both: as a whole it is rejected, for that is the worse."""

    def unmatched(self, play: Fields) -> tuple[str, bytes]:
        if self.chance.random() < TIMELESS_SHARE:
            return "bad_value", text({**play, "time": "soon"})
        return super().unmatched(play)


class Turns(Events):
    """For a table with one row for each person. Few people play at a time, so that there are several plays of one in nearly every
    flush. Each has some plays and then never another: what went wrong in the middle of a run still stands at its end. Some
    values are missing or null in some plays, so that a row that kept one of an earlier play would show."""

    malformed = {
        **MALFORMED,
        "wrong_type": [*MALFORMED["wrong_type"], lambda play: text({**play, "device": 7}), lambda play: text({**play, "rating": "7"})],
        "out_of_range": [*MALFORMED["out_of_range"], lambda play: text({**play, "rating": 2**31})],
    }

    def __init__(self, seed: int, songs: list[str]) -> None:
        super().__init__(seed, songs)
        self.met = 0
        self.playing: dict[str, int] = {}  # How many plays each has left.
        self.latest = ""

    def next(self) -> Event:
        meant, value, person = self.play()
        return Event(self.number, meant, value, person.encode(), self.chance.choice(HEADERS), person)

    def person(self) -> str:
        while len(self.playing) < PLAYING:
            self.met += 1
            self.playing[f"{PEOPLE[self.met % len(PEOPLE)]} {self.met}"] = self.chance.randint(1, PLAYS_LIMIT)
        if self.latest not in self.playing or self.chance.random() >= AGAIN_SHARE:
            self.latest = self.chance.choice(list(self.playing))
        person = self.latest
        self.playing[person] -= 1
        if not self.playing[person]:
            del self.playing[person]
        return person

    def more(self) -> Fields:
        chance = self.chance
        values: Fields = {"device": chance.choice([None, *DEVICES]), "rating": chance.choice([None, *range(1, 6)])}
        return {name: value for name, value in values.items() if value is not None or chance.random() < 0.5}
