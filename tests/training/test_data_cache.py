"""The cache of decoded frames gives what the files hold, and is built again when it does not."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_sets import frame, write_image, write_pack

from mobilevos_sdk.errors import MobileVOSError
from mobilevos_training.data import cache as cache_module
from mobilevos_training.data.clips import ClipMaker
from mobilevos_training.data.frames import load_image, load_mask
from mobilevos_training.data.options import DataOptions, SourceOptions
from mobilevos_training.data.pool import Pool, open_pool
from mobilevos_training.data.store import MemoryStore

OPTIONS = DataOptions(
    sources=[SourceOptions(layout="davis", path="davis"), SourceOptions(layout="static", path="static/*")]
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("pack"))


def check(pool: Pool) -> None:
    """Every frame of a pool is what its files hold."""
    for source in pool.sources:
        for item in source.items:
            for one in item.frames:
                image = load_image(one.image)
                assert np.array_equal(pool.image(one), image)
                assert np.array_equal(pool.mask(one), load_mask(one, image.shape[:2]))


def test_a_cache_holds_what_the_files_hold(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check(open_pool(OPTIONS, root, tmp_path))
    assert "decoding 22 frames" in capsys.readouterr().err
    pool = open_pool(OPTIONS, root, tmp_path)
    assert capsys.readouterr().err == ""  # it is there
    monkeypatch.setattr(cache_module, "load_image", None)  # nothing is decoded a second time
    monkeypatch.setattr(cache_module, "load_mask", None)
    check(pool)
    check(pickle.loads(pickle.dumps(pool)))  # as a worker that does not fork gets it
    assert not list(tmp_path.glob("*.tmp"))


def test_a_clip_does_not_depend_on_the_cache(root: Path, tmp_path: Path) -> None:
    options = OPTIONS.model_copy(update={"crop": 64})
    cached, decoded = (ClipMaker(open_pool(options, root, cache), options, 0, 10) for cache in (tmp_path, None))
    for step in range(3):
        assert np.array_equal(cached.clip(step, 0).frames, decoded.clip(step, 0).frames)
        assert np.array_equal(cached.clip(step, 0).masks, decoded.clip(step, 0).masks)


@pytest.mark.parametrize("damage", ["truncated frames", "truncated index", "no index", "no frames"])
def test_a_damaged_cache_is_built_again(
    root: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_pool(OPTIONS, root, tmp_path)
    capsys.readouterr()
    kind, part = damage.split()
    path = next(tmp_path.glob("*.frames" if part == "frames" else "*.json"))
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.unlink()
    check(open_pool(OPTIONS, root, tmp_path))
    assert "decoding" in capsys.readouterr().err


def test_a_flipped_bit_is_seen_and_read_from_the_file(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_pool(OPTIONS, root, tmp_path)
    path = next(tmp_path.glob("*.frames"))
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    check(open_pool(OPTIONS, root, tmp_path))
    assert "damaged at 'image davis/JPEGImages/disks/00000.jpg'" in capsys.readouterr().err


def test_a_full_disk_is_one_line_and_leaves_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_module, "_write", full)
    with pytest.raises(MobileVOSError, match="No space left on device; free some space"):
        open_pool(OPTIONS, root, tmp_path)
    assert not list(tmp_path.glob("*.tmp"))
    assert not list(tmp_path.glob("*.frames"))


def test_the_fingerprint_follows_names_and_sizes_alone(tmp_path: Path) -> None:
    first, second = write_pack(tmp_path / "a"), write_pack(tmp_path / "b")
    before = open_pool(OPTIONS, first, None).fingerprint()
    assert open_pool(OPTIONS, second, None).fingerprint() == before
    write_image(second / "davis/JPEGImages/more/00003.jpg", frame(99)[0])
    assert open_pool(OPTIONS, second, None).fingerprint() != before


def test_without_a_cache_memory_is_bounded(root: Path) -> None:
    one, *others = (item.frames[0] for item in open_pool(OPTIONS, root, None).sources[1].items)
    size = load_image(one.image).nbytes
    store = MemoryStore(limit=2 * size)
    first = store.image(one)
    assert store.image(one) is first
    for other in others:
        store.mask(other)
    assert store.image(one) is not first
    assert np.array_equal(store.image(one), first)
