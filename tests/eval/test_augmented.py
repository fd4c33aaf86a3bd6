"""Ensembles: mirrored videos, several models and several sizes, in the SDK and in `vos-eval`."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from mobilevos_bench.accuracy_results import AccuracyResult, read_accuracy
from mobilevos_bench.cli.eval import main
from mobilevos_sdk.davis import find_sequences
from mobilevos_sdk.ensemble import Ensemble, Member
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import read_mask, write_mask
from mobilevos_sdk.passes import Passes
from mobilevos_sdk.segmenter import Segmenter

TOLERANCE = 1e-6


@pytest.fixture(scope="session")
def tiny(tiny_backend) -> Segmenter:
    return Segmenter.from_backend(tiny_backend)


@pytest.fixture(scope="session")
def smaller(tiny_model) -> Segmenter:
    """The same weights at another size and with another memory, as multi-scale testing has them."""
    from mobilevos_models.torch_backend import TorchBackend

    return Segmenter.from_backend(TorchBackend(tiny_model, 2, 2, 48, 64, threads=1))


def mirrored(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[:, ::-1])


def test_one_member_alone_is_the_model(tiny: Segmenter, tiny_video):
    alone = list(tiny.track(tiny_video.frames, tiny_video.mask))
    ensemble = list(Ensemble.of([tiny]).track(tiny_video.frames, tiny_video.mask))
    assert [result.index for result in ensemble] == list(range(12))
    for one, other in zip(alone, ensemble, strict=True):
        assert np.array_equal(one.mask, other.mask)
        assert np.array_equal(one.probabilities, other.probabilities)
    assert any(not np.array_equal(one.mask, next_one.mask) for one, next_one in pairwise(alone))


def test_a_flipped_member_sees_the_mirrored_video(tiny: Segmenter, tiny_video):
    ensemble = Ensemble([Member(tiny, flipped=True)]).track(tiny_video.frames, tiny_video.mask)
    turned = tiny.track(map(mirrored, tiny_video.frames), mirrored(tiny_video.mask))
    for mine, theirs in zip(ensemble, turned, strict=True):
        assert np.array_equal(mine.mask, mirrored(theirs.mask))
        assert np.allclose(mine.probabilities, theirs.probabilities[..., ::-1], atol=TOLERANCE)


def test_probabilities_are_averaged_and_memories_are_not_shared(tiny: Segmenter, smaller: Segmenter, tiny_video):
    frames, mask = tiny_video.frames, tiny_video.mask
    ensemble = Ensemble.of([tiny, smaller], flip=True)
    assert [member.flipped for member in ensemble.members] == [False, True, False, True]
    turned = list(map(mirrored, frames)), mirrored(mask)
    votes = [
        [result.probabilities for result in tiny.track(frames, mask)],
        [result.probabilities[..., ::-1] for result in tiny.track(*turned)],
        [result.probabilities for result in smaller.track(frames, mask)],
        [result.probabilities[..., ::-1] for result in smaller.track(*turned)],
    ]
    ids = np.array([0, 7, 255])
    for index, result in enumerate(ensemble.track(frames, mask)):
        mean = np.mean([vote[index] for vote in votes], axis=0)
        assert np.allclose(result.probabilities, mean, atol=TOLERANCE)
        if index == 0:
            assert np.array_equal(result.mask, mask)
            continue
        scores = np.concatenate([1.0 - mean.sum(0, keepdims=True), mean])
        best = np.sort(scores, axis=0)
        clear = best[-1] - best[-2] > 1e-5  # elsewhere rounding decides
        assert clear.mean() > 0.9
        assert np.array_equal(result.mask[clear], ids[scores.argmax(0)][clear])
        assert result.latency.segment > 0


def test_a_refused_frame_changes_nothing(tiny: Segmenter, smaller: Segmenter, tiny_video):
    ensemble = Ensemble.of([tiny, smaller])
    expected = list(ensemble.track(tiny_video.frames[:3], tiny_video.mask))
    session = ensemble.start(tiny_video.frames[0], tiny_video.mask)
    with pytest.raises(InvalidInputError, match="the video began with"):
        session.step(tiny_video.frames[1][:40])
    results = [session.step(frame) for frame in tiny_video.frames[1:3]]
    assert np.array_equal(results[1].probabilities, expected[2].probabilities)
    assert session.object_ids == (7, 255)


def test_what_no_ensemble_can_do_is_said(tiny: Segmenter, smaller: Segmenter, tiny_video):
    with pytest.raises(InvalidInputError, match="no member"):
        Ensemble([])
    with pytest.raises(InvalidInputError, match="there is no frame"):
        next(Ensemble.of([tiny]).track([], tiny_video.mask))
    three = tiny_video.mask.copy()
    three[80:, :10] = 9
    with pytest.raises(InvalidInputError, match="there are 3 objects"):
        Ensemble.of([tiny, smaller]).start(tiny_video.frames[0], three)


@pytest.fixture
def data(tmp_path: Path, tiny_video) -> Path:
    root = tmp_path / "data"
    (root / "JPEGImages" / "texture").mkdir(parents=True)
    for index, frame in enumerate(tiny_video.frames[:5]):
        cv2.imwrite(str(root / "JPEGImages" / "texture" / f"{index:05d}.png"), frame[..., ::-1])
        mask = np.where(tiny_video.mask == 255, 9, tiny_video.mask)
        write_mask(root / "Annotations" / "texture" / f"{index:05d}.png", mask)
    return root


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, tiny: Segmenter, smaller: Segmenter) -> None:
    """Stand in for the embedded models, which take far longer."""
    known = {"tiny": tiny, "smaller": smaller}
    monkeypatch.setattr(Segmenter, "open", lambda model, options: known[model])


@pytest.mark.usefixtures("models")
def test_the_command_says_what_was_averaged(data: Path, tmp_path: Path, capsys):
    common = ["--data", str(data), "--json", "-"]
    reports = {}
    for name, options in {
        "plain": ["--model", "tiny"],
        "flip": ["--model", "tiny", "--flip"],
        "both": ["--model", "tiny", "--model", "smaller"],
    }.items():
        assert main([*common, *options, "--save", str(tmp_path / name)]) == 0
        reports[name] = json.loads(capsys.readouterr().out)
    assert reports["plain"]["subject"]["model"] == "mobilenetv2-noaspp"
    assert reports["flip"]["subject"]["flip"] is True
    assert [model["size"] for model in reports["both"]["subject"]["ensemble"]] == ["64x96", "48x64"]
    assert [model["given_as"] for model in reports["both"]["subject"]["ensemble"]] == ["tiny", "smaller"]
    saved = {name: (tmp_path / name / "texture/00003.png").read_bytes() for name in reports}
    assert len(set(saved.values())) == 3
    assert isinstance(read_accuracy(reports["plain"]), AccuracyResult)
    assert not isinstance(read_accuracy(reports["both"]), AccuracyResult)  # no table takes it for a model


@pytest.mark.usefixtures("models")
def test_a_run_goes_on_with_the_same_ensemble_only(data: Path, tmp_path: Path, capsys):
    common = ["--data", str(data), "--save", str(tmp_path / "masks"), "--model", "tiny"]
    assert main([*common, "--flip"]) == 0
    assert main([*common, "--flip", "--resume"]) == 0
    assert main([*common, "--resume"]) == 1
    assert "made with another model" in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.fixture
def crowd(data: Path) -> Path:
    """Seven objects, where one model follows three and the other one two."""
    mask = np.zeros((90, 120), np.uint8)
    for index in range(7):
        mask[10:70, 5 + 16 * index : 15 + 16 * index] = index + 1
    for path in (data / "Annotations" / "texture").iterdir():
        write_mask(path, mask)
    return data


@pytest.mark.usefixtures("models")
def test_more_objects_than_a_model_follows(crowd: Path, tmp_path: Path, tiny: Segmenter, capsys):
    common = ["--data", str(crowd), "--json", "-", "--model", "tiny", "--save", str(tmp_path / "one")]
    assert main(common) == 1
    assert "follow them in several passes" in capsys.readouterr().err.strip().splitlines()[-1]
    assert main([*common, "--passes", "--save", str(tmp_path / "two")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["overall"]["objects"] == 7 and report["subject"]["passes"] is True
    assert isinstance(read_accuracy(report), AccuracyResult)
    (sequence,) = find_sequences(crowd)
    results = Passes(tiny).track(sequence.frames(), sequence.first_mask())
    expected = [result.mask for result in results]
    assert np.array_equal(read_mask(tmp_path / "two/texture/00002.png"), expected[2])


@pytest.mark.usefixtures("models")
def test_passes_and_ensembles_go_together(crowd: Path, tiny: Segmenter, smaller: Segmenter, tmp_path: Path, capsys):
    members = ["--model", "tiny", "--model", "smaller", "--passes", "--save", str(tmp_path / "masks")]
    assert main(["--data", str(crowd), "--json", "-", *members]) == 0
    subject = json.loads(capsys.readouterr().out)["subject"]
    assert subject["passes"] is True and len(subject["ensemble"]) == 2
    assert main(["--data", str(crowd), *members[:4], "--save", str(tmp_path / "masks"), "--resume"]) == 1
    assert "made with another model" in capsys.readouterr().err.strip().splitlines()[-1]
    (sequence,) = find_sequences(crowd)
    frames, mask = list(sequence.frames())[:3], sequence.first_mask()
    both = Ensemble.of([Passes(tiny), Passes(smaller)], flip=True).track(frames, mask)
    turned = list(map(mirrored, frames)), mirrored(mask)
    votes = [list(Passes(one).track(frames, mask)) for one in (tiny, smaller)]
    flipped = [list(Passes(one).track(*turned)) for one in (tiny, smaller)]
    for index, result in enumerate(both):
        own = [vote[index].probabilities for vote in votes] + [v[index].probabilities[..., ::-1] for v in flipped]
        assert np.allclose(result.probabilities, np.mean(own, axis=0), atol=TOLERANCE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--predictions", "masks", "--passes"], "--passes goes with --model"),
        (["--predictions", "masks", "--flip"], "--flip goes with --model"),
        (["--model", "a", "--model", "a"], "given twice"),
        (["--model", "a", "--predictions", "masks"], "not allowed with"),
    ],
)
def test_wrong_usage(data: Path, options: list[str], message: str, capsys):
    assert main(["--data", str(data), *options]) == 2
    assert message in capsys.readouterr().err
