"""Validation in training: the scores of the code that ships, a preview, and a training run that does not notice."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from mobilevos_models import create_model
from mobilevos_models.checkpoints import load_model
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS
from mobilevos_sdk.davis import find_sequences
from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.evaluation import evaluate
from mobilevos_sdk.masks import write_mask
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_training.validation import (
    PREVIEW_FRAMES,
    TILE_WIDTH,
    ValidationOptions,
    count_frames,
    select_sequences,
    validate,
    write_preview,
)

SIZE = (64, 96)
QUEUE = 3
WEIGHTS = Path(__file__).parents[2] / "models/mobilevos_models/weights/mobilenetv2-noaspp.safetensors"


@pytest.fixture
def data(tmp_path: Path, tiny_video: Any) -> Path:
    """Sequences of 120x90: `one` has an object and 4 frames, `two` has two and 8; `bare` has only its first mask."""
    for name, length, ids in (("bare", 4, (7,)), ("one", 4, (7,)), ("two", 8, (7, 255))):
        (tmp_path / "JPEGImages" / name).mkdir(parents=True)
        for index, frame in enumerate(tiny_video.frames[:length]):
            cv2.imwrite(str(tmp_path / "JPEGImages" / name / f"{index:05d}.png"), frame[..., ::-1])
            mask = np.roll(tiny_video.mask, index, axis=1)
            mask = np.where(np.isin(mask, ids), mask, np.uint8(0))
            if index == 0 or name != "bare":
                write_mask(tmp_path / "Annotations" / name / f"{index:05d}.png", np.where(mask == 255, 9, mask))
    return tmp_path


@pytest.fixture
def model(tiny_model: MobileVOS) -> MobileVOS:
    """The tiny model as a training run has it: batch norms folded, some parts in training mode."""
    folded = fold_batch_norms(copy.deepcopy(tiny_model))
    assert isinstance(folded, MobileVOS)
    folded.value_encoder.train()
    return folded


def test_the_scores_are_those_of_the_sdk(data: Path, model: MobileVOS, tiny_backend: Any) -> None:
    ticks: list[int] = []
    options = ValidationOptions(data, size=SIZE, queue=QUEUE)
    result = validate(model, options, lambda: ticks.append(1))
    expected = [
        evaluate(Segmenter.from_backend(tiny_backend), sequence)
        for sequence in find_sequences(data, names=["one", "two"])
    ]
    assert [scores.name for scores in result.sequences] == ["one", "two"]
    assert result.per_sequence == pytest.approx({scores.name: scores.mean.j_and_f for scores in expected}, abs=0.01)
    objects = [one for scores in expected for one in scores.objects]
    assert len(objects) == 3  # each counts alike
    assert result.mean_j == pytest.approx(np.mean([one.region.mean for one in objects]), abs=0.01)
    assert result.mean_f == pytest.approx(np.mean([one.boundary.mean for one in objects]), abs=0.01)
    assert result.mean_jf == pytest.approx((result.mean_j + result.mean_f) / 2)
    assert 0.0 < result.mean_jf < 1.0
    assert len(ticks) == count_frames(select_sequences(options)) == 3 + 7


def test_more_objects_than_a_model_follows_at_once_are_scored(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mask = np.repeat(np.arange(12, dtype=np.uint8)[None], 64, 0).repeat(8, 1)  # eleven stripes, one more than AOT takes
    (tmp_path / "JPEGImages/crowd").mkdir(parents=True)
    for index in range(3):
        cv2.imwrite(str(tmp_path / f"JPEGImages/crowd/{index:05d}.png"), np.repeat(20 * mask[..., None], 3, 2))
        write_mask(tmp_path / f"Annotations/crowd/{index:05d}.png", mask)
    result = validate(create_model("aot-t"), ValidationOptions(tmp_path, size=SIZE))
    assert len(result.sequences[0].objects) == 11


def test_the_weights_of_the_moment_are_scored(data: Path, model: MobileVOS) -> None:
    options = ValidationOptions(data, size=SIZE, sequences=("one",))
    before = validate(model, options)
    assert model.prior is not None
    with torch.no_grad():
        model.prior.log_width -= 2.0  # which a backend folds into constants
        model.prediction.bias += 0.3
    after = validate(model, options)
    assert after.mean_jf != before.mean_jf
    assert after.mean_jf == validate(copy.deepcopy(model), options).mean_jf


def train(model: MobileVOS, options: ValidationOptions | None) -> dict[str, torch.Tensor]:
    """Two steps on random frames, with a validation in between."""
    torch.manual_seed(3)
    np.random.seed(3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(2):
        if step and options:
            validate(model, options)  # between the gradients of one step and those of the next
        frame = torch.rand(1, 3, 64, 64) * float(np.random.uniform(200, 255))
        mask = (torch.rand(1, 1, 64, 64) > 0.5).float()
        loss = model.segment_logits(frame, [model.start(frame, mask)])[0].square().mean()
        loss.backward()  # gradients add up: one that is lost shows
        optimizer.step()
    return model.state_dict()


def test_a_run_with_validation_equals_one_without(data: Path, model: MobileVOS) -> None:
    alone = train(copy.deepcopy(model), None)
    watched = train(model, ValidationOptions(data, size=SIZE, sequences=("one",)))
    for name, tensor in alone.items():
        assert torch.equal(watched[name], tensor), name


def test_the_training_state_is_left_as_it_was(data: Path, model: MobileVOS) -> None:
    model.prediction.weight.requires_grad_(False)
    model.prediction.bias.grad = torch.ones_like(model.prediction.bias)

    def state() -> list[Any]:
        parameters = [(p.requires_grad, p.grad, p.device, p.data_ptr(), p.is_inference()) for p in model.parameters()]
        random = [torch.get_rng_state().tolist(), str(np.random.get_state())]
        modes = [(name, module.training) for name, module in model.named_modules()]
        return [modes, parameters, random, torch.get_num_threads(), torch.is_grad_enabled()]

    before = state()
    assert len({training for _, training in before[0]}) == 2
    validate(model, ValidationOptions(data, size=SIZE, sequences=("one",)))
    assert state() == before
    with pytest.raises(InvalidInputError):
        validate(model, ValidationOptions(data, size=SIZE, sequences=("none",)))
    assert state() == before


def test_a_failing_validation_leaves_the_modes_too(data: Path, model: MobileVOS) -> None:
    (data / "JPEGImages/one/00001.png").write_bytes(b"damaged")
    with pytest.raises(VideoError, match="one"):
        validate(model, ValidationOptions(data, size=SIZE, sequences=("one",)))
    assert model.value_encoder.training


def test_a_model_is_scored_with_the_queue_of_its_artifact() -> None:
    assert [ValidationOptions(Path("data")).slots(name) for name in ("mobilenetv2", "deaot-t-deform")] == [2, 3]
    assert ValidationOptions(Path("data"), queue=5).slots("mobilenetv2") == 5


def test_stride_and_most_frames_thin_a_sequence(data: Path) -> None:
    options = ValidationOptions(data, sequences=("two",), stride=2, max_frames=3)
    (sequence,) = select_sequences(options)
    assert sequence.frame_names == ("00000", "00002", "00004")
    assert [path.stem for path in sequence.frame_files] == list(sequence.frame_names)
    assert {index: path.stem for index, path in sequence.annotations.items()} == {0: "00000", 1: "00002", 2: "00004"}
    assert sequence.scored == (1,)
    assert count_frames([sequence]) == 2


def test_tracking_begins_at_the_first_mask(data: Path, model: MobileVOS) -> None:
    (data / "Annotations/two/00000.png").unlink()
    (sequence,) = select_sequences(ValidationOptions(data, sequences=("two",)))
    assert sequence.frame_names[0] == "00001"
    assert sequence.scored == tuple(range(1, 6))


def test_the_preview_shows_every_sequence(data: Path, model: MobileVOS, tmp_path: Path, tiny_video: Any) -> None:
    preview = validate(model, ValidationOptions(data, size=SIZE)).preview
    height = TILE_WIDTH * 90 // 120
    assert preview.shape == (2 * height, PREVIEW_FRAMES * TILE_WIDTH, 3)
    assert preview.dtype == np.uint8
    rows = preview[:height], preview[height:]
    assert not rows[0][30:, 3 * TILE_WIDTH :].any()  # 3 frames are tracked in `one`
    assert rows[1][30:, 4 * TILE_WIDTH :].any()  # 5 of 7 in `two`
    plain = cv2.resize(tiny_video.frames[0], (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
    object_pixel, background_pixel = (40, 60), (150, 20)  # in the first tile, below the caption
    assert (rows[0][object_pixel] != plain[object_pixel]).any()
    assert (rows[0][background_pixel] == plain[background_pixel]).all()
    assert (rows[0][:24, :200] == 255).all(2).sum() > 50  # the caption
    path = tmp_path / "new" / "preview.png"
    write_preview(path, preview)
    assert np.array_equal(cv2.imread(str(path))[..., ::-1], preview)


def test_a_preview_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VideoError, match="a file is in the way"):
        write_preview(tmp_path / "file" / "preview.png", np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"size": (64, 90)}, "multiples of 16"),
        ({"size": (0, 96)}, "multiples of 16"),
        ({"queue": 0}, "queue >= 1"),
        ({"stride": 0}, "stride >= 1"),
        ({"max_frames": 2}, "3 or more"),
        ({"sequences": ()}, "at least one sequence"),
    ],
)
def test_figures_out_of_range_are_refused(figures: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ValidationOptions(Path("data"), **figures)


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"data": Path("nowhere")}, "no folder nowhere"),
        ({"sequences": ("nope",)}, "no sequence nope"),
        ({"sequences": ("bare", "one")}, "no frame to score in bare"),
        ({"stride": 7}, "no frame to score in bare, one, two"),
        ({"annotations": "Masks"}, "no folder Masks"),
    ],
)
def test_data_that_cannot_be_scored_is_named(data: Path, figures: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        select_sequences(ValidationOptions(**({"data": data} | figures)))


def test_shipped_weights_on_a_real_sequence(shared_path: Any) -> None:
    data = shared_path("data/davis16/val-open")
    options = ValidationOptions(data, size=(128, 224), sequences=("blackswan",), stride=5, max_frames=4)
    result = validate(load_model(WEIGHTS), options)
    assert result.mean_jf > 0.6
