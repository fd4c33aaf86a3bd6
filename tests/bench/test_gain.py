"""The gain of one evaluation over another: right differences, intervals that hold the truth, and refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel
from toy_results import LATENCY, accuracy

from mobilevos_bench.accuracy_results import AccuracyResult, MasksAccuracy, read_accuracy
from mobilevos_bench.cli.bench import main
from mobilevos_bench.formats import read_result, to_text
from mobilevos_bench.gain import gain_between, points
from mobilevos_bench.gain_results import Gain
from mobilevos_bench.table_text import TABLES, CommittedResults
from mobilevos_sdk.errors import InvalidInputError


def evaluation(scores: Sequence[float], objects: Sequence[int] | None = None) -> AccuracyResult:
    """An evaluation with these J&F of sequences; that of all is the mean over objects."""
    toy = read_accuracy(accuracy())
    counts = [1] * len(scores) if objects is None else list(objects)
    sequences = tuple(
        replace(toy.sequences[0], name=f"s{index}", objects=count, scores=replace(toy.overall, j_and_f=score))
        for index, (score, count) in enumerate(zip(scores, counts, strict=True))
    )
    mean = float(np.average(scores, weights=counts))
    return replace(toy, sequences=sequences, overall=replace(toy.overall, j_and_f=mean))


def between(first: Sequence[float], second: Sequence[float], objects: Sequence[int] | None = None) -> Gain:
    return gain_between(evaluation(first, objects), evaluation(second, objects), "one", "other")


def test_with_one_object_in_each_it_is_the_paired_t_interval():
    generator = np.random.default_rng(0)
    first, second = generator.uniform(0.5, 0.9, (2, 10))
    found = between(first, second)
    interval = ttest_rel(second, first).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.gain == pytest.approx(np.mean(second - first))
    assert found.ahead == np.sum(second > first)


def test_a_sequence_of_many_objects_counts_for_all_of_them():
    found = between([0.5, 0.5], [0.7, 0.4], [3, 1])
    assert found.gain == pytest.approx((3 * 0.2 - 0.1) / 4)
    assert found.low < found.gain < found.high


def test_nineteen_of_twenty_intervals_hold_the_truth():
    generator = np.random.default_rng(1)
    hits, tries = 0, 300
    for _ in range(tries):
        objects = generator.integers(1, 4, 12)
        first = generator.uniform(0.3, 0.5, 12)
        found = between(first, first + generator.normal(0.1, 0.1, 12), objects)
        hits += found.low <= 0.1 <= found.high
    assert 0.91 <= hits / tries <= 0.985


def test_the_order_of_sequences_makes_no_difference():
    one, other = evaluation([0.5, 0.6, 0.9]), evaluation([0.6, 0.8, 0.7])
    turned = replace(other, sequences=other.sequences[::-1])
    assert gain_between(one, turned, "a", "b") == gain_between(one, other, "a", "b")


def test_one_sequence_has_no_interval():
    found = between([0.5], [0.6])
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda one: replace(one, data="davis17/val"), "scored on davis16/val-open, other on davis17/val"),
        (lambda one: replace(one, sequences=one.sequences[:1]), "differ in what was scored of s1"),
        (lambda one: evaluation([0.5, 0.6], [1, 2]), "differ in what was scored of s1"),
        (
            lambda one: replace(one, sequences=(replace(one.sequences[0], frames=7), one.sequences[1])),
            "differ in what was scored of s0",
        ),
    ],
)
def test_scores_of_different_things_are_refused(change, reason: str):
    one = evaluation([0.5, 0.6])
    with pytest.raises(InvalidInputError, match=reason):
        gain_between(one, change(one), "one", "other")


def test_the_command_prints_and_writes(tmp_path: Path, capsys):
    masks = {**accuracy(), "subject": {"predictions": "masks"}}
    for name, content in (("a.json", accuracy()), ("b.json", masks)):
        (tmp_path / name).write_text(json.dumps(content))
    assert isinstance(read_result(tmp_path / "b.json"), MasksAccuracy)
    paths = [str(tmp_path / name) for name in ("a.json", "b.json", "gain.json")]
    assert main(["gain", *paths[:2], "--json", paths[2]]) == 0
    printed = capsys.readouterr().out
    assert "swan" in printed and "higher in 0 of 2" in printed
    written = read_result(tmp_path / "gain.json")
    assert isinstance(written, Gain) and written.second == "b.json" and written.gain == 0
    (tmp_path / "latency.json").write_text(to_text(LATENCY))
    assert main(["gain", paths[0], str(tmp_path / "latency.json")]) == 1
    assert "no evaluation; give two files that 'vos-eval --json' wrote" in capsys.readouterr().err


def test_compare_refuses_two_models_and_names_this_command(tmp_path: Path, capsys):
    for name in ("one", "other"):
        (tmp_path / name).write_text(json.dumps(accuracy(model=name)))
    assert main(["compare", str(tmp_path / "one"), str(tmp_path / "other")]) == 1
    assert "model one and other; set scores against each other with 'vos-bench gain'" in capsys.readouterr().err


def test_points_have_no_negative_nothing():
    assert [points(value) for value in (-0.0001, 0.0001, -0.0021, 0.1)] == ["+0.0", "+0.0", "-0.2", "+10.0"]


def stage(scores: Sequence[float], date: str) -> AccuracyResult:
    return replace(evaluation(scores), runtime="litert", date=date)


def test_stages_follow_in_time_and_choices_are_held_against_the_usual():
    shipped = stage([0.8, 0.9], "2026-11-03")
    results = CommittedResults(
        accuracy=[replace(shipped, precision="int8", overall=replace(shipped.overall, j_and_f=0.84)), shipped],
        stages={
            "eval-mobilenetv2-stage-2": stage([0.7, 0.8], "2026-11-02"),
            "eval-mobilenetv2-stage-1": stage([0.5, 0.7], "2026-11-01"),
            "eval-others-stage-1": replace(stage([0.1, 0.2], "2026-11-01"), model="others"),
        },
    )
    rows = [line.split(" | ") for line in TABLES["stages"](results, "").splitlines()[2:]]
    assert [[*row[2:5], row[-1]] for row in rows] == [
        ["stage 1", "60.0", "", " |"],
        ["stage 2", "75.0", "+15.0", "2 of 2 |"],
        ["shipped", "85.0", "+10.0", "2 of 2 |"],
    ]
    (row,) = TABLES["choices"](results, "").splitlines()[2:]
    assert "| int8, LiteRT, queue 2 | 84.0 | -1.0 |" in row
    zoomed = replace(stage([0.9, 0.9], "2026-11-04"), zoom=True)
    faster = replace(zoomed, precision="int8", overall=replace(zoomed.overall, j_and_f=0.88))
    seen = replace(results, accuracy=[*results.accuracy, zoomed, faster])
    last = TABLES["stages"](seen, "").splitlines()[-1].split(" | ")
    assert [*last[2:5], last[-1]] == ["shipped, with zoom", "90.0", "+5.0", "1 of 2 |"]
    whole, closer = TABLES["choices"](seen, "").splitlines()[2:]
    assert whole == row and "| int8, LiteRT, queue 2, zoom | 88.0 | -2.0 |" in closer
    assert TABLES["stages"](CommittedResults(), "") == TABLES["choices"](CommittedResults(), "") == ""
