#!/usr/bin/env python3
"""The golden rows of Nexmark's queries: what real Flink SQL makes of the same events.

    build/venv/bin/python bench/nexmark/golden.py write            # golden/*.json, anew, by Flink
    build/venv/bin/python bench/nexmark/golden.py check [RIVAL…]   # Flink and the Go loop have the golden rows

Kafka is that of `./dev servers up`, or where TURNTABLE_KAFKA says.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import nexmark_events as events  # noqa: E402
import nexmark_rivals as rivals  # noqa: E402

sys.path.insert(0, str(events.ROOT / "tests"))
from support.kafka import Kafka  # noqa: E402

PARTITIONS = 4


def found_by(rival: rivals.contract.Rival, kafka: Kafka, topic: str, folder: Path, side_input: Path) -> dict[str, dict]:
    """The summaries of all queries' rows."""
    summaries = {}
    for query in events.COLUMNS:
        rows = folder / f"{rival.name}-{query}.rows"
        command = rivals.command(
            rival, query, bootstrap=kafka.bootstrap, topic=topic, count=events.GOLDEN_EVENTS, side_input=side_input, rows=rows
        )  # fmt: skip
        subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        summaries[query] = events.summary(rivals.lines(rival.name, query, rows))
        print(f"{rival.title}: {query}: {summaries[query]['rows']:,} rows", flush=True)
    return summaries


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("write", "check"))
    parser.add_argument("rivals", nargs="*", metavar="RIVAL", help="flink, go; both unless named")
    arguments = parser.parse_args()
    kafka = Kafka(os.environ.get("TURNTABLE_KAFKA", "127.0.0.1:29092"))
    topic = kafka.create_topic(f"nexmark_golden_{uuid.uuid4().hex[:8]}", PARTITIONS)
    differing = []
    try:
        sent = events.golden_events()
        kafka.send(topic, sent)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            side_input = events.side_input(folder / "side_input.csv")
            for rival_name in ["flink"] if arguments.action == "write" else arguments.rivals or rivals.NAMES:
                rival = rivals.installed(rival_name)
                for query, summary in found_by(rival, kafka, topic, folder, side_input).items():
                    if arguments.action == "write":
                        origin = {"made_by": rival.title, "events": events.GOLDEN_EVENTS, "spacing_ms": events.GOLDEN_SPACING_MS, "columns": events.COLUMNS[query]}
                        (events.GOLDEN / f"{query}.json").write_text(json.dumps(origin | summary, indent=1, ensure_ascii=False) + "\n")
                    elif any(events.golden(query)[key] != value for key, value in summary.items()):
                        differing.append(f"{rival.title}: {query} has other rows than golden/{query}.json")
    finally:
        kafka.delete_topic(topic)
    print("\n".join(differing) or f"golden rows: {arguments.action} done")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
