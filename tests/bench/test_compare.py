"""Comparing two results files: right ratios, intervals that hold the truth, and refusals that name the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_results import LATENCY, MEMORY, ORIGIN, QUEUE, accuracy, spread

from mobilevos_bench.cli.bench import main
from mobilevos_bench.comparable import Figure
from mobilevos_bench.compare import compare, ratio_of
from mobilevos_bench.compare_results import Comparison
from mobilevos_bench.formats import from_data, to_text
from mobilevos_bench.records import Spread

ROOT = Path(__file__).parents[2]


def written(folder: Path, name: str, result: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(result) if isinstance(result, dict) else to_text(result))
    return path


def runs(median: float, seed: int, count: int = 60) -> Figure:
    return Figure.of(Spread.of(np.random.default_rng(seed).normal(median, 0.05 * median, count).tolist()))


def without_runs(figure: Figure) -> Figure:
    return replace(figure, runs=None)


def slower(factor: float):
    """The toy latencies with another time of `segment`."""
    (runtime,) = LATENCY.runtimes
    stages = replace(runtime.stages, segment=spread(70.0 * factor))
    return replace(LATENCY, runtimes=(replace(runtime, stages=stages),))


def test_the_method_is_said_and_the_interval_holds_the_ratio():
    ours, theirs = runs(100.0, 0), runs(110.0, 1)
    resampled = ratio_of("x", ours, theirs)
    estimated = ratio_of("x", without_runs(ours), theirs)
    assert (resampled.method, estimated.method) == ("bootstrap", "quartiles")
    for ratio in (resampled, estimated):
        assert ratio.ratio == pytest.approx(theirs.value / ours.value)
        assert 1.05 < ratio.low < 1.1 < ratio.high < 1.15
    # both ways agree on how wide it is
    assert estimated.high - estimated.low == pytest.approx(resampled.high - resampled.low, rel=0.4)


@pytest.mark.parametrize("keep", [True, False], ids=["bootstrap", "quartiles"])
def test_nineteen_of_twenty_intervals_hold_the_truth(keep: bool):
    hits = 0
    for seed in range(100):
        pair = [runs(50.0, 2 * seed, 40), runs(60.0, 2 * seed + 1, 40)]
        found = ratio_of("x", *(pair if keep else map(without_runs, pair)))
        hits += found.low <= 1.2 <= found.high
    assert 88 <= hits <= 99


def test_what_was_measured_once_has_no_interval():
    once = ratio_of("peak", Figure(300.0), Figure.of(Spread.of([330.0])))
    assert (once.ratio, once.low, once.high, once.method) == (pytest.approx(1.1), None, None, "none")
    nothing = ratio_of("memorize", Figure.of(spread(0.0)), Figure.of(spread(30.0)))  # a queue of 1 never memorises
    assert (nothing.ratio, nothing.low) == (None, None)


def test_a_mean_has_the_error_of_a_mean():
    values = np.random.default_rng(0).normal(80.0, 4.0, 100)
    mean = Figure.of_mean(values.mean(), values.std(), len(values))
    found = ratio_of("segment", mean, mean)
    assert found.method == "deviation" and found.high - 1 == pytest.approx(1.96 * np.sqrt(2) * 0.4 / 80, rel=0.2)
    assert ratio_of("segment", mean, runs(80.0, 1)).method == "deviation and quartiles"


def test_a_table_and_json(tmp_path: Path, capsys):
    first, second = written(tmp_path, "a.json", LATENCY), written(tmp_path, "b.json", slower(1.5))
    target = tmp_path / "ratios.json"
    assert main(["compare", str(first), str(second), "--json", str(target)]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    (line,) = [line for line in output.out.splitlines() if line.startswith("ONNX Runtime segment, ms")]
    assert line.split()[4:7] == ["70", "105", "1.500"] and line.endswith("quartiles")
    found = from_data(json.loads(target.read_text()), "x")
    assert isinstance(found, Comparison) and found.compared == "mobilevos-latency"
    by_name = {ratio.figure: ratio for ratio in found.ratios}
    assert by_name["ONNX Runtime total, ms"].ratio == 1.0
    assert by_name["ONNX Runtime file, MB"].method == "none"
    assert found.setting["queue"] == "2" and "parameters" not in found.setting


def test_other_machines_and_versions_are_said(tmp_path: Path, capsys):
    machine = replace(ORIGIN.machine, processor="Other CPU", flags=None)
    origin = replace(ORIGIN, machine=machine, versions={"onnxruntime": "1.40"})
    first = written(tmp_path, "a.json", MEMORY)
    second = written(tmp_path, "b.json", replace(MEMORY, origin=origin))
    assert main(["compare", str(first), str(second)]) == 0
    error = capsys.readouterr().err
    assert "the machines differ (processor Toy CPU and Other CPU), so the ratios" in error  # flags are not known
    assert "versions differ: onnxruntime 1.31.1 and 1.40" in error


def test_figures_of_one_file_alone_are_named(tmp_path: Path, capsys):
    first = written(tmp_path, "a.json", QUEUE)
    second = written(tmp_path, "b.json", replace(QUEUE, points=QUEUE.points[:2], scores=()))
    found = compare(first, second)
    assert {"queue 5 total, ms", "queue unbounded J&F"} <= set(found.only_first) and found.only_second == ()
    main(["compare", str(first), str(second)])
    assert "only in a.json: queue 5 preprocess, ms;" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (MEMORY, "is a mobilevos-latency, "),
        (
            replace(LATENCY, setting=replace(LATENCY.setting, queue=5, threads=1)),
            "different settings: queue 2 and 5, threads 2 and 1; measure both in one",
        ),
        ({"format": "other"}, "is of format 'other'"),
        ({**accuracy(), "overall": {}}, "is not what vos-eval writes"),
    ],
    ids=["kind", "setting", "format", "broken"],
)
def test_what_cannot_be_compared_is_refused_in_one_line(second: object, message: str, tmp_path: Path, capsys):
    paths = written(tmp_path, "a.json", LATENCY), written(tmp_path, "b.json", second)
    assert main(["compare", *map(str, paths)]) == 1
    output = capsys.readouterr()
    assert message in output.err and len(output.err.splitlines()) == 1 and output.out == ""


def test_missing_files_and_targets(tmp_path: Path, capsys):
    first = written(tmp_path, "a.json", LATENCY)
    assert main(["compare", str(first), str(tmp_path / "none.json")]) == 1
    assert "none.json: no such file" in capsys.readouterr().err
    assert main(["compare", str(first)]) == 2
    assert main(["compare", str(first), str(first), "--json", "/proc/none/x.json"]) == 1
    assert "cannot write" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks" / "results").glob("*.json")), ids=lambda path: path.stem)
def test_every_committed_file_is_like_itself(path: Path):
    found = compare(path, path)
    assert found.ratios and not (found.machines or found.versions or found.only_first or found.only_second)
    assert all(
        ratio.ratio in (1.0, None) and (ratio.low is None or ratio.low <= 1 <= ratio.high) for ratio in found.ratios
    )
