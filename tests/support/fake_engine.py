"""An engine that only shows: it serves the page and the answers that the page asks for, from scenes made up for it. The page's
looks and its conduct are tested with it, where a real run could not be brought into the state on demand; its figures are tested
on real runs.

    build/venv/bin/python tests/support/fake_engine.py waiting --port 8080
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import random
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "src" / "serve" / "web"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
RUNBOOK = """# Runbook

## A node is away

Nothing is lost: what was read and not written is held, and is written when the node is back.

- Look at the node: `nodetool status`
- See **why** the write is refused in the [log](x).

```
turntable top --http 127.0.0.1:8080
```

## Something else

Not this.
"""
PEOPLE = ["Dimitris Tsirmpas", "Ann Palmer", "Jo Berg", "Mia Chen", "Lee Ortiz", "Åsa Öberg", "Kim Novak"]
SONGS = ["Blinding Lights", "Levitating", "Sorry", "As It Was", "Heat Waves", "Under pressure", "Älskar"]
COLUMNS = [
    ("name", "text", "partition"), ("song", "text", None), ("time", "text", "clustering"), ("hour", "int", "partition"),
    ("artists", "text", None), ("danceability", "real", None), ("energy", "real", None), ("valence", "real", None),
    ("tempo", "real", None), ("kafka_partition", "int", "clustering"), ("kafka_offset", "bigint", "clustering"),
]  # fmt: skip
NOTHING = dict.fromkeys(
    "consumed written deleted filtered tombstones unmatched rejected returned dead_lettered in_flight lost".split(), 0
)
HOSTILE = [
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=1</script>",
    "javascript:window.hacked=1//",
    "\u202eevil\u202c right to left",
    "Z̴̡͚̞̊̈́̚a̷̛͓͍͐̈l̸̰̹̆́̕g̷͖͙̈́̓o̶͕̠͗" * 12,
    "long " * 400,
    "W" * 3000,
    "line\nbreak\tand\x07bell\x00nul",
    "' onfocus=window.hacked=1 autofocus='",
    "constructor",
    "__proto__",
]


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def table(name: str, columns=COLUMNS, connector: str = "cassandra") -> dict:
    described = [{"name": column, "type": kind, "key": key} for column, kind, key in columns]
    detail = f"spotify.{name} at 127.0.0.1:9042"
    return {"id": f"table:{name}", "kind": "table", "name": name, "connector": connector, "detail": detail, "columns": described}


def source(name: str = "plays") -> dict:
    return {"id": f"source:{name}", "kind": "source", "name": name, "connector": "kafka", "detail": "topic test at 127.0.0.1:29092"}


def lookup(name: str, detail: str = "", join: str = "inner") -> dict:
    return {"id": f"lookup:{name}", "kind": "lookup", "name": name, "connector": "csv", "detail": detail or f"data/{name}.csv", "join": join}


def chain(*ids: str) -> list[dict]:
    return [{"from": a, "to": b} for a, b in zip(ids, ids[1:], strict=False)]


class Scene:
    """A plan and a status that goes on with time. Tests change `status` and `plan` as they need."""

    def __init__(self, name: str) -> None:
        self.random = random.Random(7)
        self.name = name
        self.pace = 2400
        self.now = datetime.now(timezone.utc)
        self.started = self.now - timedelta(hours=3, minutes=12)
        self.plan = {
            "version": "0.2.0",
            "pipeline": "listening_history",
            "nodes": [source(), lookup("songs", "data/spotify-songs.csv"), table("listening_history"), table("plays_by_song")],
            "edges": chain("source:plays", "lookup:songs", "table:listening_history") + chain("lookup:songs", "table:plays_by_song"),
            "dead_letters": {"connector": "kafka", "detail": "topic test.dead_letters"},
        }
        self.rows: list[dict] = []
        self.status = self.all_well()
        self.history = self.past()
        self.moves = True
        getattr(self, name, lambda: None)()

    # ------------------------------------------------------------------------------------------------------------ scenes

    def all_well(self) -> dict:
        at = iso(self.now)
        counts = NOTHING | {
            "consumed": 26_814_402, "written": 26_655_071, "unmatched": 147_480, "rejected": 10_726, "dead_lettered": 158_206,
            "in_flight": 1_125,
        }  # fmt: skip
        for _ in range(20):
            self.one_row()
        return {
            "time": at,
            "state": "running",
            "sentence": "All is well. 2,412 records a second come in and 2,398 are written; the tables are 0.4 s behind. "
            "Every one of 26,814,402 records is accounted for.",
            "waiting_for": None,
            "runbook": None,
            "ready": True,
            "started_at": iso(self.started),
            "last_record_at": at,
            "last_write_at": at,
            "counts": counts,
            "tables": [{"name": name, "counts": dict(counts)} for name in ("listening_history", "plays_by_song")],
            "rates": {"consumed": 2412.0, "tables": {"listening_history": 2398.2, "plays_by_song": 2398.0}, "lookups": {"songs": 2411.4}},
            "partitions": [
                {"lane": p % 2, "topic": "test", "partition": p, "position": 6_703_600 + p, "end": 6_703_624 + p, "lag": 24, "lag_seconds": 0.4}
                for p in range(4)
            ],
            "lag": 96,
            "lag_seconds": 0.4,
            "latency_ms": {"p50": 2.2, "p99": 21.0},
            "phases": {"fetch": 210.0, "decode": 402.1, "join": 144.0, "encode": 310.5, "write": 1402.0, "commit": 12.0, "wait": 8000.0},
            "window": {"used": 12, "allowed": 64},
            "held_bytes": 611_000,
            "lookups": [self.asked("songs", [("name = 'No Such Song (Live)'", 812), ("name = 'Sorry — Remastered'", 420), ("name = 'Älskar'", 97), ("name = 'name'", 61), ("name = 'Under pressure'", 12)])],
            "dead_letters": {
                "total": 158_206,
                "by_reason": {"unmatched": 147_480, "bad value": 10_111, "not JSON": 615},
                "last": [
                    {"time": at, "reason": "unmatched", "detail": "no row of songs has this name", "partition": 1, "offset": 89102, "text": '{"id": 71, "name": "Jo Berg", "song": "No Such Song (Live)", "time": "2024-03-03 10:41"}'},
                    {"time": at, "reason": "bad value", "detail": "the field id is text, and the column is an int", "partition": 3, "offset": 87902, "text": '{"id": "x7", "name": "Jo Berg", "song": "Sorry", "time": "2024-03-03 10:40"}'},
                    {"time": at, "reason": "not JSON", "detail": "expected { at byte 1", "partition": 0, "offset": 89871, "text": "<img src=x onerror=alert(1)>"},
                ],
            },
            "last_rows": self.rows,
            "incidents": [
                {"time": iso(self.now - timedelta(seconds=380)), "kind": "recovered", "text": "127.0.0.2:9042 answers again; 48,211 records that waited were written, none was lost"},
                {"time": iso(self.now - timedelta(seconds=420)), "kind": "waiting", "text": "127.0.0.2:9042 does not answer, and LOCAL_QUORUM needs 2 of 2 replicas"},
                {"time": iso(self.now - timedelta(seconds=700)), "kind": "rebalance", "text": "partitions 2 and 3 of test came from another member of the group"},
            ],
        }  # fmt: skip

    def asked(self, name: str, missed: list[tuple[str, int]], hits: int = 26_665_796, misses: int = 147_480) -> dict:
        most = [{"key": key, "count": count} for key, count in missed]
        loaded = iso(self.started)
        return {"name": name, "rows": 23_450, "version": "3", "loaded_at": loaded, "load_seconds": 0.21, "hits": hits, "misses": misses, "most_missed": most}  # fmt: skip

    def waiting(self) -> None:
        since = self.now - timedelta(seconds=18)
        self.status |= {
            "state": "waiting",
            "sentence": "Nothing is lost; nothing is written either. 127.0.0.2:9042 has not answered for 18 s, and the other node "
            "refuses (1 of 2 replicas, LOCAL_QUORUM needs 2). 11,204 records are held and reading is paused; it goes on by itself "
            "when the node is back.",
            "waiting_for": {
                "node": "table:listening_history", "name": "Cassandra", "since": iso(since),
                "why": "127.0.0.2:9042 does not answer; LOCAL_QUORUM needs 2 of 2 replicas",
            },
            "runbook": "#a-node-is-away",
            "latency_ms": {"p50": None, "p99": None},
            "lag": 39_004,
            "lag_seconds": 18.4,
            "held_bytes": 4_300_000,
            "window": {"used": 64, "allowed": 64},
        }  # fmt: skip
        self.status["counts"] |= {"written": 26_644_992, "in_flight": 11_204}
        self.status["rates"] = {"consumed": 0.0, "tables": {"listening_history": 0.0, "plays_by_song": 0.0}, "lookups": {"songs": 0.0}}
        counts = self.status["counts"]
        behind = [self.history[-4][1] - counts["consumed"], self.history[-4][2] - counts["written"]]
        for i, sample in enumerate(self.history):
            sample[1:3] = sample[1] - behind[0], sample[2] - behind[1]
            if i >= len(self.history) - 4:
                sample[1:3] = counts["consumed"], counts["written"]
                sample[-3:] = 9_751 * (i - len(self.history) + 5), None, None
        self.status["incidents"].insert(0, {"time": iso(since), "kind": "waiting", "text": "127.0.0.2:9042 does not answer; LOCAL_QUORUM needs 2 of 2 replicas"})
        self.moves = False

    def many(self) -> None:
        """Eight boxes."""
        tables = [
            table("orders_by_customer", [("customer", "int", "partition"), ("placed", "timestamp", "clustering"), ("product", "text", None), ("total", "numeric", None)]),
            table("orders_by_product", [("product", "text", "partition"), ("orders", "bigint", None)]),
            table("late_orders", [("id", "uuid", "partition"), ("days", "int", None)], "sqlite"),
        ]  # fmt: skip
        where = {"id": "filter:0", "kind": "filter", "name": "WHERE", "detail": "o.total > 0 AND o.state <> 'test'", "tables": [t["name"] for t in tables]}
        late = {"id": "filter:1", "kind": "filter", "name": "WHERE", "detail": "o.delivered - o.placed > 7", "tables": ["late_orders"]}
        self.plan |= {
            "pipeline": "orders",
            "nodes": [source("orders"), where, lookup("products"), lookup("suppliers", join="left"), late, *tables],
            "edges": [
                *chain("source:orders", "filter:0", "lookup:products", "lookup:suppliers", "table:orders_by_customer"),
                *chain("lookup:products", "table:orders_by_product"),
                *chain("filter:0", "filter:1", "table:late_orders"),
            ],
            "dead_letters": {"connector": "file", "detail": "orders.dead_letters.jsonl"},
        }
        names = [t["name"] for t in tables]
        rates = dict(zip(names, (812.4, 801.0, 3.25), strict=True))
        self.status["rates"] = {"consumed": 820.0, "tables": rates, "lookups": {"products": 815.0, "suppliers": 812.4}}
        self.status["tables"] = [{"name": name, "counts": dict(self.status["counts"])} for name in names]
        self.status["lookups"] = [self.asked("products", [("sku = 'A-1'", 40), ("sku = 'A-77'", 8)]), self.asked("suppliers", [("id = 7", 3)], 120, 3)]
        self.status["incidents"] = []
        self.pace = 820
        self.history = self.past()
        at = self.status["time"]
        self.rows[:] = [{"table": names[0], "time": at, "values": [str(i), "2024-03-03 10:41", f"A-{i}", f"{i * 3}.50"]} for i in range(6)]
        self.rows += [{"table": names[1], "time": at, "values": ["A-1", "12"]}, {"table": names[2], "time": at, "values": ["6f1c8a52-6d0b-5d6e-9d0e-2f4f6a7f1a35", None]}]

    def hostile(self) -> None:
        """Texts that would like to be markup, code or layout, wherever a foreign text can stand."""
        at = self.status["time"]
        self.plan["pipeline"] = HOSTILE[0]
        self.plan["nodes"] = [source(HOSTILE[1]), lookup(HOSTILE[6], HOSTILE[5]), table(HOSTILE[0], [(text, "text", None) for text in HOSTILE]), table("__proto__")]
        ids = [node["id"] for node in self.plan["nodes"]]
        self.plan["edges"] = chain(*ids[:3]) + chain(ids[1], ids[3])
        self.plan["dead_letters"]["detail"] = HOSTILE[5]
        self.status["sentence"] = f"{HOSTILE[0]} {HOSTILE[6]} {HOSTILE[5]}"
        self.status["tables"] = [{"name": name, "counts": self.status["counts"]} for name in (HOSTILE[0], "__proto__")]
        self.status["rates"] = {"consumed": 1.0, "tables": {HOSTILE[0]: 1.0}, "lookups": {HOSTILE[6]: 1.0}}
        self.status["lookups"] = [self.asked(HOSTILE[6], [(text, 5) for text in HOSTILE])]
        self.status["dead_letters"]["by_reason"] = {text: 3 for text in HOSTILE}
        self.status["dead_letters"]["last"] = [
            {"time": at, "reason": text[:60], "detail": text, "partition": 0, "offset": i, "text": text[:500]} for i, text in enumerate(HOSTILE)
        ]
        self.rows[:] = [{"table": HOSTILE[0], "time": at, "values": HOSTILE[i:] + HOSTILE[:i]} for i in range(len(HOSTILE))]
        self.status["incidents"] = [{"time": at, "kind": text[:40], "text": text} for text in HOSTILE]
        self.status["runbook"] = "javascript:window.hacked=1"
        self.moves = False

    def starting(self) -> None:
        self.status = {
            "time": iso(self.now), "state": "starting",
            "sentence": "Starting: the broker 127.0.0.1:29092 has not answered yet; it is asked again every second.",
            "waiting_for": {"node": "source:plays", "name": "Kafka", "since": iso(self.now), "why": "127.0.0.1:29092 does not answer"},
            "runbook": None, "ready": False, "started_at": iso(self.now), "last_record_at": None, "last_write_at": None,
            "counts": dict(NOTHING), "tables": [], "rates": {"consumed": 0.0, "tables": {}, "lookups": {}}, "partitions": [],
            "lag": None, "lag_seconds": None, "latency_ms": {"p50": None, "p99": None}, "phases": {}, "window": {"used": None, "allowed": None},
            "held_bytes": 0, "lookups": [], "dead_letters": {"total": 0, "by_reason": {}, "last": []}, "last_rows": [], "incidents": [],
        }  # fmt: skip
        self.history = []
        self.moves = False

    def failed(self) -> None:
        self.waiting()
        self.status |= {"state": "failed", "sentence": "Stopped: the table spotify.listening_history has no column tempo. Nothing is lost; add it with `turntable schema apply --add-columns` and start again."}

    def finished(self) -> None:
        self.status |= {"state": "finished", "sentence": "Finished. All 26,814,402 records of the topic were read, and every one is accounted for."}
        self.status["counts"] |= {"written": 26_656_196, "in_flight": 0}
        self.moves = False

    # -------------------------------------------------------------------------------------------------------------- time

    def past(self) -> list[list]:
        """Fifteen minutes with a node away for 40 s, and half a minute in which the engine itself stood still."""
        counts, samples = self.status["counts"], []
        consumed = written = 0
        for i in range(180):
            ago = 895 - 5 * i
            wave = self.pace * (1 + 0.05 * math.sin(i / 9) + self.random.uniform(-0.04, 0.04))
            away, catching_up = 380 < ago <= 420, 340 < ago <= 380
            consumed += int(5 * wave)
            written += int(5 * wave * (0.32 if away else 1.66 if catching_up else 0.995))
            if 600 < ago <= 640:
                continue
            p99 = self.random.uniform(17, 23) + (10 if away or catching_up else 0)
            lag = int(self.random.uniform(80, 130) + (max(0, 420 - ago) * self.pace / 15 if away else max(0, ago - 340) * self.pace / 15 if catching_up else 0))
            values = [consumed, written, 0, 0, 0, lag, round(self.random.uniform(2.0, 2.5), 2), round(p99, 1)]
            samples.append([iso(self.now - timedelta(seconds=ago)), *values])
        # It ends where the status begins.
        for sample in samples:
            sample[1] += counts["consumed"] - consumed
            sample[2] += counts["written"] - written
        return samples

    def one_row(self) -> None:
        i, at = self.random.randrange(1000), datetime.now(timezone.utc)
        hour = (at.hour + self.random.randrange(-5, 1)) % 24
        calm = 0.5 + 0.25 * math.sin((hour - 6) / 24 * 2 * math.pi)
        mood = [f"{calm + self.random.uniform(-0.1, 0.1) + shift:.3f}" for shift in (0, 0.08, -0.07)]
        values = [
            PEOPLE[i % 7], SONGS[(i * i + i // 7) % 7], f"2024-03-03 {hour:02}:{i % 60:02}", str(hour), "Ed Sheeran", *mood,
            f"{80 + i % 90}.{i % 10}", str(i % 4), str(88_000 + i),
        ]  # fmt: skip
        self.rows.insert(0, {"table": "listening_history", "time": iso(at), "values": values})
        del self.rows[20:]

    def tick(self) -> None:
        self.now = datetime.now(timezone.utc)
        self.status["time"] = iso(self.now)
        if not self.moves:
            return
        came = int(self.pace * self.random.uniform(0.97, 1.03))
        for counts in [self.status["counts"], *(each["counts"] for each in self.status["tables"])]:
            counts["consumed"] += came
            counts["written"] += came
        self.status["rates"]["consumed"] = float(came)
        self.status["sentence"] = (
            f"All is well. {came:,} records a second come in and {came - 14:,} are written; the tables are 0.4 s behind. "
            f"Every one of {self.status['counts']['consumed']:,} records is accounted for."
        )
        self.status["last_write_at"] = self.status["last_record_at"] = self.status["time"]
        for _ in range(3 if self.name == "all_well" else 0):
            self.one_row()


class FakeEngine:
    """Serves a scene until it is stopped; it can start again at the same port, as an engine does."""

    def __init__(self, scene: Scene | str, port: int = 0, token: str | None = None) -> None:
        self.scene = Scene(scene) if isinstance(scene, str) else scene
        self.port, self.token = port, token
        self.streams = 0
        self.lock = threading.Lock()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self.stopping = threading.Event()
        self.silent = False
        # Each start has its own: what serves a browser since before may look only after the next start.
        stopping = self.stopping
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                engine.answer(self, stopping)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.threads = [threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True), threading.Thread(target=self.run, args=(stopping,), daemon=True)]
        for thread in self.threads:
            thread.start()

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(1):
            with self.lock:
                self.scene.tick()

    def stop(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def read(self) -> dict:
        with self.lock:
            return copy.deepcopy(self.scene.status)

    def answer(self, request: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
        if stopping.is_set():
            request.close_connection = True
            return
        path = request.path.partition("?")[0]
        if self.token and f"token={self.token}" not in (request.headers.get("Cookie") or ""):
            return self.send(request, 401, "text/plain; charset=utf-8", b"a token is needed\n")
        with self.lock:
            answers = {
                "/api/plan": self.scene.plan,
                "/api/status": self.scene.status,
                "/api/history": {"interval_seconds": 5, "fields": "time consumed written unmatched rejected filtered lag p50_ms p99_ms".split(), "samples": self.scene.history},
            }  # fmt: skip
            body = json.dumps(answers[path]).encode() if path in answers else None
        if path == "/api/live":
            return self.live(request, stopping)
        if body is not None:
            return self.send(request, 200, "application/json", body)
        if path == "/runbook.md":
            return self.send(request, 200, "text/markdown; charset=utf-8", RUNBOOK.encode())
        file = WEB / ("index.html" if path == "/" else path[1:])
        if file.parent == WEB and file.suffix in TYPES and file.is_file():
            return self.send(request, 200, TYPES[file.suffix], file.read_bytes())
        self.send(request, 404, "text/plain; charset=utf-8", b"there is no such page\n")

    def send(self, request: BaseHTTPRequestHandler, code: int, kind: str, body: bytes) -> None:
        request.send_response(code)
        headers = {
            "Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
        }  # fmt: skip
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def live(self, request: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
        request.close_connection = True
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Cache-Control", "no-store")
        request.send_header("Connection", "close")
        request.end_headers()
        with self.lock:
            self.streams += 1
        try:
            while not stopping.is_set():
                if not self.silent:
                    with self.lock:
                        text = json.dumps(self.scene.status)
                    request.wfile.write(f"event: status\ndata: {text}\n\n".encode())
                # Not in one sleep, so that a client that went away is noticed within the second.
                stopping.wait(0.5)
                request.wfile.write(b": alive\n\n")
                stopping.wait(0.5)
        except OSError:
            pass
        finally:
            with self.lock:
                self.streams -= 1


def main() -> None:
    scenes = [name for name in vars(Scene) if name in {"all_well", "waiting", "many", "hostile", "starting", "failed", "finished"}]
    parser = argparse.ArgumentParser(description="Serve the page with a scene that is made up.")
    parser.add_argument("scene", choices=scenes, nargs="?", default="all_well")
    parser.add_argument("--port", type=int, default=8080)
    arguments = parser.parse_args()
    engine = FakeEngine(arguments.scene, arguments.port)
    print(engine.url, flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
