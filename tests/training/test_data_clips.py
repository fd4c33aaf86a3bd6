"""Clips are functions of seed, step and index, whoever makes them; batches come in order; errors stay one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from data_sets import frame, write_ids, write_image, write_pack

from mobilevos_sdk.errors import InvalidInputError, MobileVOSError, VideoError
from mobilevos_training.data.clips import Clip, ClipMaker
from mobilevos_training.data.loader import Batch, batches, collate
from mobilevos_training.data.options import DataOptions
from mobilevos_training.data.pool import Pool, open_pool
from mobilevos_training.preview import GAP, save_preview

SOURCES = [{"layout": "davis", "path": "davis", "share": 0.5}, {"layout": "static", "path": "static/*"}]
STYLES: dict[str, dict[str, Any]] = {
    "house": {},
    "supplement": {"augment": {"style": "supplement"}, "sampling": {"kind": "curriculum"}},
    "merge": {"merge": 1.0, "targets": {"most": 5, "several": 1.0}},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def pool(root: Path) -> Pool:
    return open_pool(DataOptions(sources=SOURCES), root, None)


def maker(pool: Pool, seed: int = 0, **options: Any) -> ClipMaker:
    return ClipMaker(pool, DataOptions(**({"sources": SOURCES, "crop": 64, "frames": 3} | options)), seed, 100)


def same(first: Clip, second: Clip) -> bool:
    return np.array_equal(first.frames, second.frames) and np.array_equal(first.masks, second.masks)


@pytest.mark.parametrize("style", STYLES)
def test_a_clip_is_a_function_of_seed_step_and_index(style: str, pool: Pool) -> None:
    clip = maker(pool, **STYLES[style]).clip(7, 1)
    other = maker(pool, **STYLES[style])
    other.clip(3, 0)
    assert same(clip, other.clip(7, 1))
    for different in (other.clip(8, 1), other.clip(7, 0), maker(pool, seed=1, **STYLES[style]).clip(7, 1)):
        assert not same(clip, different)


@pytest.mark.parametrize("style", STYLES)
def test_masks_hold_the_targets_and_nothing_else(style: str, pool: Pool) -> None:
    make = maker(pool, **STYLES[style])
    most = make.options.targets.most
    numbers = set()
    for step in range(25):
        clip = make.clip(step, 0)
        assert clip.frames.shape == (3, 64, 64, 3)
        assert clip.masks.shape == (3, 64, 64)
        assert clip.frames.dtype == clip.masks.dtype == np.uint8
        assert 1 <= clip.targets <= most
        assert set(np.unique(clip.masks)) <= {*range(clip.targets + 1), 255}
        counts = np.bincount(clip.masks[0].ravel(), minlength=256)[1 : clip.targets + 1]
        assert (counts >= 0.003 * 64 * 64).all()
        numbers.add(clip.targets)
    assert numbers >= ({1, 2} if most == 2 else {3, 4})


def test_pixels_that_do_not_count_stay_so(pool: Pool) -> None:
    still = DataOptions(sources=SOURCES).augment.model_copy(update={"scale": (0.1, 0.1)})  # the whole photo in the crop
    make = maker(pool, augment=still)
    assert any((make.clip(step, 0).masks == 255).any() for step in range(10))


def test_all_clips_of_a_step_have_one_target_or_several(pool: Pool) -> None:
    make = maker(pool, targets={"several": 0.5})
    steps = [{make.clip(step, index).targets for index in range(3)} for step in range(8)]
    assert all(len(numbers) == 1 for numbers in steps)
    assert {max(numbers) for numbers in steps} == {1, 2}


def test_merging_makes_more_objects(pool: Pool) -> None:
    alone, merged = (
        [maker(pool, merge=share, **options).clip(step, 0).targets for step in range(20)]
        for share, options in ((0.0, many()), (1.0, many()))
    )
    assert np.mean(merged) > np.mean(alone) + 1
    assert max(merged) <= 10


def many() -> dict[str, Any]:
    return STYLES["supplement"] | {"targets": {"most": 10, "several": 1.0}}


def test_the_smallest_target_is_in_pixels_from_one_on(pool: Pool) -> None:
    make = maker(pool, **STYLES["supplement"] | {"targets": {"smallest": 100, "several": 1.0}})
    for step in range(15):
        clip = make.clip(step, 0)
        assert (np.bincount(clip.masks[0].ravel(), minlength=256)[1 : clip.targets + 1] >= 100).all()
    with pytest.raises(InvalidInputError, match=r"lower data\.targets\.smallest"):
        maker(pool, **STYLES["supplement"] | {"targets": {"smallest": 5000}}).clip(0, 0)


def test_the_curriculum_reaches_the_clips(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        "mobilevos_training.data.clips.draw_gaps", lambda *args: seen.append(args[3]) or np.array([1, 1])
    )
    make = maker(pool, **STYLES["supplement"])
    for step in (0, 30, 90):
        make.clip(step, 0)
    assert sorted(set(seen)) == [0.0, 0.3, 0.9]


def equal(first: Batch, second: Batch) -> bool:
    tensors = ("frames", "masks", "present")
    return first[:2] == second[:2] and all(torch.equal(getattr(first, n), getattr(second, n)) for n in tensors)


def test_batches_are_the_same_for_any_number_of_workers_and_processes(pool: Pool) -> None:
    make = maker(pool)
    state = torch.get_rng_state()
    here, there = (list(batches(make, (0, 1), 2, 6, workers)) for workers in (0, 2))
    assert torch.equal(torch.get_rng_state(), state)  # the training's random numbers are its own
    assert [batch.step for batch in there] == [2, 3, 4, 5]
    assert all(equal(first, second) for first, second in zip(here, there, strict=True))
    second = list(batches(make, (1,), 4, 6, 0))  # another process's share of the step, after a resume
    assert second[0].clips == (1,)
    assert torch.equal(second[0].frames[0], here[2].frames[1])
    assert torch.equal(second[1].masks[0], here[3].masks[1])


def test_a_batch_says_which_targets_a_clip_has() -> None:
    clips = [Clip(np.full((2, 16, 16, 3), n, np.uint8), np.zeros((2, 16, 16), np.uint8), n) for n in (1, 3)]
    clips[0].frames[0, 1, 2] = (10, 20, 30)
    batch = collate(5, (4, 7), clips)
    assert (batch.step, batch.clips) == (5, (4, 7))
    assert batch.present.tolist() == [[True, False, False], [True, True, True]]
    assert batch.frames.shape == (2, 2, 3, 16, 16)
    assert batch.frames.dtype == batch.masks.dtype == torch.uint8
    assert batch.frames[0, 0, :, 1, 2].tolist() == [10, 20, 30]


@pytest.mark.parametrize("workers", [0, 2])
def test_an_unreadable_image_is_its_own_error(workers: int, tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    for path in (root / "davis/JPEGImages/more").iterdir():
        path.write_bytes(b"damaged")
    options = DataOptions(sources=[SOURCES[0] | {"share": None}], crop=64, frames=3)
    make = ClipMaker(open_pool(options, root, None), options, 0, 100)
    with pytest.raises(VideoError) as error:
        list(batches(make, range(4), 0, 100, workers))
    assert str(error.value).startswith(f"unreadable training image: {root}/davis/JPEGImages/more")
    assert "\n" not in str(error.value)


class _Dying:
    """Stands for a clip maker whose process the system kills."""

    def clip(self, step: int, index: int) -> Clip:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_a_worker_that_dies_is_one_clear_error() -> None:
    with pytest.raises(MobileVOSError, match="use fewer workers"):
        list(batches(_Dying(), (0,), 0, 2, workers=1))  # type: ignore[arg-type]


def test_a_bug_is_not_hidden(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    make = maker(pool)
    monkeypatch.setattr(make, "clip", lambda step, index: {}["nothing"])
    with pytest.raises(KeyError):
        next(batches(make, (0,), 0, 2, workers=0))


def test_the_preview_shows_a_clip_in_each_row(pool: Pool, tmp_path: Path) -> None:
    save_preview(tmp_path / "out.png", maker(pool), rows=2)
    picture = cv2.imread(str(tmp_path / "out.png"))
    assert picture.shape == (2 * (64 + GAP), 3 * (64 + GAP), 3)
    with pytest.raises(VideoError, match=r"name it \.png or \.jpg"):
        save_preview(tmp_path / "out.xyz", maker(pool), rows=1)


def test_a_video_shorter_than_a_clip_will_do(tmp_path: Path) -> None:
    image, ids = frame(0)
    write_image(tmp_path / "v/JPEGImages/one/00000.jpg", image)
    write_ids(tmp_path / "v/Annotations/one/00000.png", ids)
    for style in STYLES.values():
        options = DataOptions(**({"sources": [{"layout": "davis", "path": "v"}], "crop": 64} | style))
        assert len(ClipMaker(open_pool(options, tmp_path, None), options, 0, 10).clip(0, 0).frames) == 4


def test_the_shared_pack_makes_clips(shared_path: Callable[[str], Path]) -> None:
    root = shared_path("data")
    sources = [
        {"layout": "static", "path": "static/*", "share": 0.5},
        {"layout": "davis", "path": "davis16/train", "annotations": "AnnotationsMultiObject", "sparse": True},
    ]
    options = DataOptions(sources=sources, crop=64)
    pool = open_pool(options, root, None)
    assert [len(source.items) for source in pool.sources] == [942, 30]
    make = ClipMaker(pool, options, 0, 10)
    assert all(1 <= make.clip(step, 0).targets <= 2 for step in range(4))
