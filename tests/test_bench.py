"""The bench's own reasoning: how it compares, what it leaves out, and when it says that an event has become dearer."""

import copy
import random
import sys

import pytest

from support.program import ROOT

sys.path.insert(0, str(ROOT / "bench"))
import check  # noqa: E402
import method  # noqa: E402
import process  # noqa: E402
import report  # noqa: E402


def run(seconds=1.0, disturbed=False):
    return {"events": 1_000_000, "seconds": seconds, "disturbed": disturbed}


def test_a_ratio_does_not_see_what_slows_a_whole_block():
    chance = random.Random(3)
    slow = [chance.uniform(1, 5) for _ in range(15)]
    came = method.ratio([(2.0 * s * chance.uniform(0.98, 1.02), 1.0 * s) for s in slow])
    assert 1.95 < came.low <= came.median <= came.high < 2.05 and came.blocks == 15


def test_the_interval_is_wide_where_blocks_disagree():
    steady = method.ratio([(1.0, 1.0)] * 10)
    noisy = method.ratio([(1.0, 0.5), (1.0, 2.0)] * 5)
    assert steady.low == steady.high == 1 and noisy.low < 0.8 and noisy.high > 1.25


def test_every_program_runs_once_in_each_block_and_not_always_in_one_order():
    calls = []
    blocks = method.measure(["a", "b", "c"], 12, lambda block, name: calls.append((block, name)) or {}, seed=1)
    orders = {tuple(name for number, name in calls if number == block) for block in range(1, 13)}
    assert len(blocks) == 12 and all(set(block) == {"a", "b", "c"} for block in blocks) and len(orders) > 2


def test_disturbed_blocks_are_left_out_whole_unless_too_few_remain():
    good, bad = {"a": run(), "b": run()}, {"a": run(), "b": run(disturbed=True)}
    assert method.counted([good, bad, good, good]) == [good] * 3
    assert len(method.counted([bad, bad, good])) == 3


FIGURES = {until: {"instructions": 1000.0, "allocations": 0.001} for until in check.PATHS}
BASELINE = {"per_event": copy.deepcopy(FIGURES)}


def changed(until, **figures):
    return {**FIGURES, until: {**FIGURES[until], **figures}}


@pytest.mark.parametrize("until", list(check.PATHS))
def test_a_rise_of_instructions_or_allocations_is_a_fault(until):
    assert check.faults(FIGURES, BASELINE, comparable=True) == []
    assert len(check.faults(changed(until, instructions=1030.0), BASELINE, comparable=True)) == 1
    assert len(check.faults(changed(until, allocations=0.005), BASELINE, comparable=True)) == 1
    assert check.faults(changed(until, instructions=1010.0), BASELINE, comparable=True) == []


def test_instructions_of_another_compiler_are_not_compared_but_allocations_are():
    assert check.faults(changed("rows", instructions=5000.0), BASELINE, comparable=False) == []
    assert len(check.faults(changed("rows", allocations=1.0), BASELINE, comparable=False)) == 2


def test_an_allocation_per_event_is_a_fault_whatever_the_baseline_says():
    baseline = {"per_event": changed("lane", allocations=1.0)}
    assert len(check.faults(changed("lane", allocations=1.0), baseline, comparable=True)) == 1


def test_both_programs_of_the_bench_use_the_drivers_version_of_the_bridge():
    def version(lock):
        lines = (ROOT / lock).read_text().splitlines()
        return lines[lines.index('name = "scylla"') + 1]

    assert version("bench/ceilings/driver/Cargo.lock") == version("bridge/Cargo.lock")


def curves(*points):
    return {"kind": "curves", "curves": [{"name": name, "value": value} for name, value in points]}


def test_a_curve_that_is_measured_anew_leaves_the_others(tmp_path):
    report.keep("curves", curves(("lanes", 1), ("keys", 2)), tmp_path)
    report.keep("curves", curves(("keys", 3), ("window", 4)), tmp_path)
    assert report.kept(tmp_path)["curves"] == curves(("keys", 3), ("lanes", 1), ("window", 4)), "in the page's order"


def test_published_results_stay_where_nothing_or_only_a_part_was_measured_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "PUBLISHED", tmp_path / "published")
    monkeypatch.setattr(report, "kept", lambda folder=tmp_path / "mine", kept=report.kept: kept(folder))
    for folder, name, value, partial in (
        ("published", "null", 1, False), ("published", "sqlite", 1, False), ("published", "rivals", 1, False), ("mine", "sqlite", 2, False), ("mine", "rivals", 2, True),
    ):  # fmt: skip
        report.keep(name, {"kind": "drain", "value": value, "partial": partial, "command": "./dev bench"}, tmp_path / folder)
    assert {name: found["value"] for name, found in report.publish().items()} == {"null": 1, "rivals": 1, "sqlite": 2}


def rival(rate, **more):
    return {**run(1_000_000 / rate), "cpu_seconds": 1.0, "startup_seconds": 0.25, "peak_mib": 100.0, **more}


def test_the_readme_has_the_table_of_the_page_and_nothing_else_of_it_changes(tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{report.README_BEGIN}old\n{report.README_END}after\n")
    block = {"turntable": rival(2_000_000), "slow (1.0)": rival(500_000), "fast": rival(4_000_000)}
    report.write_readme({"blocks": [block], "against": ["slow (1.0)", "fast"]}, page)
    lines = [line for line in page.read_text().splitlines() if line]
    assert [lines[0], lines[-1]] == ["before", "after"] and "old" not in lines
    assert [line.split(" | ")[:2] for line in lines if line.startswith("| ")][1:] == [["| fast", "4,000,000"], ["| turntable", "2,000,000"], ["| slow", "500,000"]]
    page.write_text("no place\n")
    with pytest.raises(process.Failure, match="no place for the table"):
        report.write_readme({"blocks": [block], "against": ["fast"]}, page)
