"""What --stats-json says of a run's tables. The names of its fields are written down here and nowhere else in the tests."""

from __future__ import annotations

OUTCOMES = ("written", "deleted", "filtered", "tombstones", "unmatched", "rejected", "returned", "in_flight")


def of_table(stats: dict, table: str) -> dict[str, int]:
    """The counts of one INSERT, which its table names."""
    assert table in stats.get("tables", {}), f"{table} is not among the tables: {stats}"
    return stats["tables"][table]


def assert_tables_add_up(stats: dict, tables: list[str]) -> None:
    """In each table and altogether, what was consumed is what became of it."""
    assert sorted(stats["tables"]) == sorted(tables), stats
    for table in tables:
        counts = of_table(stats, table)
        assert stats["consumed"] == sum(counts[outcome] for outcome in OUTCOMES), (table, stats)


def assert_table(stats: dict, table: str, **expected: int) -> None:
    """These counts are as expected, and those that are not named are 0."""
    counts = of_table(stats, table)
    assert {outcome: counts[outcome] for outcome in OUTCOMES} == dict.fromkeys(OUTCOMES, 0) | expected, (table, stats)
