"""`vos-bench queue`: lengths in processes of their own, a file that is gone on with, scores, the plot, refusals."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from toy_results import LATENCY, QUEUE, accuracy, queue_point

from mobilevos_bench import machine, queue_scores, queue_sweep
from mobilevos_bench.cli.bench import main
from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.formats import from_data, schema, to_text
from mobilevos_bench.queue_plot import write_plot
from mobilevos_bench.queue_results import QueuePoint, QueueResult
from mobilevos_bench.queue_tables import queue_table
from mobilevos_bench.workload import Workload
from mobilevos_sdk.masks import write_mask

MODEL = "mobilenetv2-noaspp"


@pytest.fixture(autouse=True)
def idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares every test the seconds that looking at the load takes."""
    monkeypatch.setattr(machine, "busy_cores", lambda: 0.0)
    monkeypatch.setattr(queue_sweep, "busy_cores", lambda: 0.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Measuring takes no time and finds a toy point; the lengths that were measured are collected."""
    measured: list[int] = []

    def point(workload: Workload, frames: int, on_frame: object) -> QueuePoint:
        measured.append(workload.spec.queue)
        (runtime,) = workload.artifacts
        return replace(queue_point(workload.spec.queue), artifact=workload.artifact(runtime))

    monkeypatch.setattr(queue_sweep, "measure_point", point)
    return measured


@pytest.fixture
def folder(tmp_path: Path, onnx_only: Path) -> Path:
    """A folder of vos-export with a queue of 2."""
    target = tmp_path / "out"
    target.mkdir()
    shutil.copy(onnx_only, target / f"{MODEL}-q2-64x96.onnx")
    return target


@pytest.fixture
def davis(tmp_path: Path, tiny_video) -> Path:
    """Two sequences in DAVIS layout, whose objects stand still."""
    for name in ("one", "two"):
        for index, frame in enumerate(tiny_video.frames[:5]):
            frame_path = tmp_path / "davis" / "JPEGImages" / name / f"{index:05d}.png"
            frame_path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(frame_path), frame[..., ::-1])
            mask = tiny_video.mask.copy()
            mask[mask == 255] = 9  # 255 would be void
            write_mask(tmp_path / "davis" / "Annotations" / name / f"{index:05d}.png", mask)
    return tmp_path / "davis"


def evaluation(**changes: object) -> dict:
    """What vos-eval says of the tiny model."""
    found = accuracy(MODEL)
    found["subject"] |= {"size": "64x96", "weights": {}, **changes}
    return found


def sweep(folder: Path, clip: Path, *options: str) -> int:
    fixed = ("--model", MODEL, "--size", "64x96", "--runtime", "onnx", "--threads", "1", "--frames", "3")
    places = ("--artifacts", str(folder), "--clip", str(clip), "--json", str(folder / "queue.json"))
    return main(["queue", *fixed, *places, *options])


def read(folder: Path) -> QueueResult:
    found = from_data(json.loads((folder / "queue.json").read_text()), "queue.json")
    assert isinstance(found, QueueResult)
    return found


def one_line(error: str) -> str:
    (line,) = error.strip().splitlines()
    return line


def test_a_sweep_goes_on_where_it_stopped(folder: Path, clip: Path, monkeypatch, capsys):
    assert sweep(folder, clip, "--queues", "1,2") == 0
    output = capsys.readouterr()
    command = f"vos-export --model {MODEL} --queue 1 --size 64x96 --objects 1 --to onnx --out {folder}"
    assert f"no {folder}/{MODEL}-q1-64x96.onnx; make it with '{command}'" in output.err
    assert f"{MODEL}-q2" not in output.err
    result = read(folder)
    (point,) = result.points
    assert (point.queue, point.warmup, point.artifact.runtime) == (2, 5, "onnx")
    stages = point.stages
    assert stages.total.count == 3 and len(stages.total.runs) == 3
    assert stages.total.median > stages.segment.median > 0 and stages.memorize.median > 0
    assert 20 < point.peak_mb < 1000 and point.gflop > 0
    assert result.setting.frames == 3 and result.setting.clip_width == 120

    measured = []
    measure = queue_sweep.measure_point
    monkeypatch.setattr(queue_sweep, "measure_point", lambda *a: measured.append(a[0].spec.queue) or measure(*a))
    assert sweep(folder, clip) == 0
    assert measured == [] and "queue 2: in " in capsys.readouterr().err
    (folder / f"{MODEL}-q2-64x96.onnx").unlink()  # what was measured stays, and can be drawn
    assert sweep(folder, clip, "--queues", "2", "--plot", str(folder / "plot.svg")) == 0
    assert read(folder) == result and capsys.readouterr().err == ""
    assert "<svg" in (folder / "plot.svg").read_text()


def test_a_point_is_measured_again_when_asked_or_when_its_artifact_changed(folder: Path, clip: Path, quick: list[int]):
    for options in ((), (), ("--again",)):
        assert sweep(folder, clip, "--queues", "2", *options) == 0
    assert quick == [2, 2] and len(read(folder).points) == 1
    other = json.loads((folder / "queue.json").read_text())
    other["points"][0]["artifact"]["sha256"] = "0" * 64
    (folder / "queue.json").write_text(json.dumps(other))
    assert sweep(folder, clip, "--queues", "2") == 0
    assert quick == [2, 2, 2] and len(read(folder).points) == 1


def test_what_was_measured_before_a_failure_is_kept(folder: Path, clip: Path, quick: list[int], monkeypatch, capsys):
    from mobilevos_sdk.errors import MobileVOSError

    assert sweep(folder, clip) == 0
    before = (folder / "queue.json").read_text()

    def broken(*arguments: object) -> None:
        raise MobileVOSError("the process was killed by signal 9; is there enough memory?")

    monkeypatch.setattr(queue_sweep, "measure_point", broken)
    assert sweep(folder, clip, "--again") == 1
    assert "killed by signal 9" in capsys.readouterr().err
    assert (folder / "queue.json").read_text() == before


def test_artifacts_are_scored_as_vos_eval_scores_them(
    folder: Path, clip: Path, davis: Path, quick: list[int], monkeypatch
):
    from mobilevos_bench.cli.eval import main as evaluate

    scores = folder / "eval.json"
    artifact = folder / f"{MODEL}-q2-64x96.onnx"
    assert evaluate(["--model", str(artifact), "--data", str(davis), "--threads", "1", "--json", str(scores)]) == 0
    assert sweep(folder, clip, "--data", str(davis)) == 0
    (score,) = read(folder).scores
    overall = json.loads(scores.read_text())["overall"]
    assert score.j_and_f == pytest.approx(overall["J&F"], rel=1e-4) and 0 < score.j_and_f < 1
    assert score.region == pytest.approx(overall["J"]["mean"], rel=1e-4)
    assert (score.queue, score.runtime, score.source) == (2, "onnx", None)
    assert score.data.endswith("/davis")
    validate = pytest.importorskip("jsonschema", reason="another program checks the files").validate
    for path in (scores, folder / "queue.json"):
        validate(json.loads(path.read_text()), schema())
    monkeypatch.setattr(queue_scores, "score_artifact", lambda *a: pytest.fail("scored again"))
    assert sweep(folder, clip, "--data", str(davis)) == 0
    (folder / "queue.json").unlink()  # the file that vos-eval wrote does as well
    assert sweep(folder, clip, "--eval", f"2={scores}") == 0
    (same,) = read(folder).scores
    assert (same.j_and_f, same.sha256, same.source) == (score.j_and_f, score.sha256, "eval.json")


def test_scores_from_files_and_an_unbounded_memory(folder: Path, clip: Path, quick: list[int], capsys):
    two, whole, masks = folder / "two.json", folder / "whole.json", folder / "masks.json"
    two.write_text(json.dumps(evaluation()))
    whole.write_text(json.dumps(evaluation(queue=56)))  # as many as the longest toy sequence has
    masks.write_text(json.dumps({**evaluation(), "subject": {"predictions": "unbounded"}}))
    assert sweep(folder, clip, "--eval", f"2={two}", "--eval", f"unbounded={whole}") == 0
    assert [(score.queue, score.source) for score in read(folder).scores] == [(2, "two.json"), (None, "whole.json")]
    assert sweep(folder, clip, "--eval", f"unbounded={masks}") == 0
    assert [(score.queue, score.runtime) for score in read(folder).scores] == [(2, "onnx"), (None, None)]
    assert capsys.readouterr().out.splitlines()[-1].split() == ["unbounded", "85.0"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("1", evaluation(), "is of a queue of 2, not 1; give it as --eval 2="),
        ("unbounded", evaluation(), "does not hold all frames of its longest sequence (56)"),
        ("2", evaluation(model="resnet18"), f"scores resnet18 at 64x96, not {MODEL} at 64x96"),
        ("2", evaluation(size="480x864"), f"scores {MODEL} at 480x864"),
        ("2", {**evaluation(), "subject": {"predictions": "masks"}}, "does not score a model"),
        ("2", json.loads(to_text(LATENCY)), "does not score a model"),
        ("2", {"format": "other"}, "is of format 'other'"),
        ("2", {**evaluation(), "data": {"folder": "x/train", "annotations": "Annotations"}}, "do not make one curve"),
    ],
)
def test_scores_of_something_else_are_refused(
    folder: Path, clip: Path, name: str, content: dict, message: str, monkeypatch, capsys
):
    monkeypatch.setattr(queue_sweep, "measure_point", lambda *a: pytest.fail("measured before all was checked"))
    other, given = folder / "other.json", folder / "given.json"
    other.write_text(json.dumps(evaluation(queue=5)))
    given.write_text(json.dumps(content))
    assert sweep(folder, clip, "--eval", f"5={other}", "--eval", f"{name}={given}") == 1
    assert message in one_line(capsys.readouterr().err.splitlines()[-1])
    assert not (folder / "queue.json").exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--queues", "0"), 2, "whole number"),
        (("--eval", "eval.json"), 2, "'eval.json' is not N=FILE"),
        (("--eval", "few=eval.json"), 2, "whole number"),
        (("--eval", "2=a.json", "--eval", "2=b.json"), 2, "--eval is given twice"),
        (("--beside", "x.json"), 2, "--beside goes with --plot"),
        (("--plot", "plot.gif"), 1, "a plot is .png or .svg, not '.gif'"),
        (("--plot", "/proc/none/plot.png"), 1, "cannot write /proc/none/plot.png"),
        (("--json", "/proc/none/queue.json"), 1, "cannot write /proc/none/queue.json"),
        (("--eval", "2=none.json"), 1, "none.json: no such file"),
        (("--data", "nowhere"), 1, "no folder nowhere"),
        (("--objects", "3"), 1, "the mask has 2 objects, not 3"),
    ],
)
def test_bad_input(folder: Path, clip: Path, options: tuple[str, ...], code: int, message: str, monkeypatch, capsys):
    monkeypatch.setattr(queue_sweep, "measure_point", lambda *a: pytest.fail("measured before all was checked"))
    assert sweep(folder, clip, "--queues", "2", *options) == code
    assert message in one_line(capsys.readouterr().err)


def test_without_any_artifact_the_commands_are_named(tmp_path: Path, clip: Path, capsys):
    assert sweep(tmp_path, clip, "--queues", "1,5") == 1
    *missing, last = capsys.readouterr().err.splitlines()
    assert ["--queue 1 " in missing[0], "--queue 5 " in missing[1]] == [True, True]
    assert f"no artifact of {MODEL} in {tmp_path}" in last


def test_a_file_that_is_not_what_its_name_says(folder: Path, clip: Path, capsys):
    (folder / f"{MODEL}-q2-64x96.onnx").rename(folder / f"{MODEL}-q5-64x96.onnx")
    assert sweep(folder, clip) == 1
    assert f"holds {MODEL} with a queue of 2 at 64x96, not what its name says" in capsys.readouterr().err


def test_another_setting_does_not_go_into_the_file(folder: Path, clip: Path, capsys):
    (folder / "queue.json").write_text(to_text(QUEUE))
    assert sweep(folder, clip, "--queues", "2") == 1
    error = one_line(capsys.readouterr().err)
    assert "was measured otherwise (model mobilenetv2 and mobilenetv2-noaspp;" in error
    assert "processor Toy CPU and" in error and "give another --json" in error
    (folder / "queue.json").write_text(to_text(LATENCY))
    assert sweep(folder, clip, "--queues", "2") == 1
    assert "is no sweep of vos-bench queue" in one_line(capsys.readouterr().err)


def test_the_plot_has_all_curves_and_is_the_same_every_time(tmp_path: Path):
    pytest.importorskip("matplotlib", reason="the plot needs 'mobilevos[bench]'")
    other = replace(QUEUE, setting=replace(QUEUE.setting, model="resnet18"), scores=())
    first, second, picture = tmp_path / "a.svg", tmp_path / "b.svg", tmp_path / "c.png"
    write_plot(first, [QUEUE, other])
    write_plot(second, [QUEUE, other])
    text = first.read_text()
    assert text == second.read_text()
    for label in ("mobilenetv2, ONNX Runtime, ms", "resnet18, ONNX Runtime, segment", "unbounded 86.0", "J&amp;F on"):
        assert label in text
    write_plot(picture, [QUEUE])
    assert cv2.imread(str(picture)).shape[0] > 300
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.svg", "b.svg", "c.png"]


def test_the_table_has_a_row_for_each_length():
    table = queue_table(CommittedResults(queues=[QUEUE]), "benchmarks")
    assert table.startswith("`mobilenetv2`, 480x864, fp32, ONNX Runtime:\n\n| queue | segment (IQR) |")
    assert "| J&F on davis16/val-open |" in table
    assert "| 1 | 60.0 (0.5) | 0.0 (0.5) | 95.0 (0.5) | 14.2 | 301 | 10.6 | 80.0 |" in table
    assert "| 5 | 100.0 (0.5) | 30.0 (0.5) | 135.0 (0.5) | 14.2 | 305 | 10.6 |  |" in table
    assert "| unbounded |  |  |  |  |  |  | 86.0 |" in table
    assert "Medians of 60 frames of `cups.mp4` (1280x720), objects 1" in table
    assert "Toy CPU, 2 threads, Linux x86_64, Python 3.11.7, onnxruntime 1.31.1, 2026-11-20." in table
    assert queue_table(CommittedResults(), "benchmarks") == ""
