"""Masks: what `read_mask` takes and refuses, what `write_mask` leaves behind, and the check of a caller's array."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mobilevos_sdk.errors import InvalidInputError, MobileVOSError, VideoError
from mobilevos_sdk.masks import DAVIS_PALETTE, check_mask, is_binary, object_ids, read_mask, write_mask

IDS = np.array([[0, 1, 1, 7], [0, 255, 7, 7], [0, 0, 0, 1]], np.uint8)


def save(path: Path, values: np.ndarray, mode: str | None = None, **options: object) -> Path:
    image = Image.fromarray(values)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def test_palette_is_that_of_davis():
    assert DAVIS_PALETTE.shape == (256, 3)
    assert DAVIS_PALETTE[:5].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128]]
    assert DAVIS_PALETTE[9].tolist() == [192, 0, 0]
    assert len(np.unique(DAVIS_PALETTE, axis=0)) == 256


def test_palette_equals_that_of_the_dataset(shared_path: Callable[[str], Path]):
    with Image.open(shared_path("data/davis16/val-open/AnnotationsMultiObject/kite-surf/00009.png")) as image:
        assert np.array_equal(np.reshape(image.getpalette(), (-1, 3)), DAVIS_PALETTE)


def test_written_mask_is_read_back_and_has_a_palette(tmp_path: Path):
    path = tmp_path / "made" / "00000.png"
    write_mask(path, IDS)
    assert np.array_equal(read_mask(path), IDS)
    with Image.open(path) as image:
        assert image.mode == "P"
        assert image.getpalette()[3:6] == [128, 0, 0]
    assert [entry.name for entry in path.parent.iterdir()] == ["00000.png"]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_of_few_bits(tmp_path: Path, bits: int):
    ids = (IDS > 0).astype(np.uint8)
    image = Image.fromarray(ids)
    image.putpalette(DAVIS_PALETTE.tobytes())
    image.save(tmp_path / "m.png", bits=bits)
    assert np.array_equal(read_mask(tmp_path / "m.png"), ids)


def test_grey_ids_stay(tmp_path: Path):
    assert np.array_equal(read_mask(save(tmp_path / "m.png", IDS)), IDS)


def test_binary_grey_becomes_object_one(tmp_path: Path):
    grey = np.where(IDS > 0, 255, 0).astype(np.uint8)
    for name, mode in (("l.png", None), ("one.png", "1"), ("rgb.png", "RGB"), ("rgba.png", "RGBA")):
        path = save(tmp_path / name, grey, mode)
        assert np.array_equal(read_mask(path), IDS > 0), name
        assert is_binary(path)


def test_what_255_means_can_be_said(tmp_path: Path):
    binary = save(tmp_path / "binary.png", np.where(IDS > 0, 255, 0).astype(np.uint8))
    assert set(np.unique(read_mask(binary, binary=False))) == {0, 255}
    ids = save(tmp_path / "ids.png", IDS)
    assert not is_binary(ids)
    with pytest.raises(InvalidInputError, match=r"other values than 0 and 255"):
        read_mask(ids, binary=True)


def test_palette_index_255_is_an_id(tmp_path: Path):
    write_mask(tmp_path / "m.png", np.where(IDS > 0, 255, 0))
    assert set(np.unique(read_mask(tmp_path / "m.png"))) == {0, 255}


def grey_png_of_few_bits(values: np.ndarray, bits: int) -> bytes:
    """A grey PNG of 2 or 4 bits, which Pillow does not write."""
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    digits = ((values[..., None] >> np.arange(bits - 1, -1, -1)) & 1).reshape(values.shape[0], -1).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(digits, axis=1))
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_ids_of_few_bits_are_not_stretched(tmp_path: Path, bits: int):
    ids = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)
    (tmp_path / "m.png").write_bytes(grey_png_of_few_bits(ids, bits))
    assert np.array_equal(read_mask(tmp_path / "m.png"), ids)


def colour_image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (8, 9, 3), np.uint8)


def test_a_colour_jpeg_is_no_mask(tmp_path: Path):
    path = tmp_path / "first.jpg"
    cv2.imwrite(str(path), colour_image())
    with pytest.raises(InvalidInputError, match=r"JPEG.*a mask is an 8-bit PNG"):
        read_mask(path)


def test_a_colour_png_is_no_mask(tmp_path: Path):
    with pytest.raises(InvalidInputError, match="colour image"):
        read_mask(save(tmp_path / "m.png", colour_image()))


def test_a_transparent_png_is_no_mask(tmp_path: Path):
    values = np.zeros((4, 4, 4), np.uint8)
    with pytest.raises(InvalidInputError, match="transparent"):
        read_mask(save(tmp_path / "m.png", values))


def test_three_hundred_ids_are_too_many(tmp_path: Path):
    ids = np.arange(300, dtype=np.uint16).reshape(15, 20)
    with pytest.raises(InvalidInputError, match=r"16 bits.*300 values"):
        read_mask(save(tmp_path / "m.png", ids))
    with pytest.raises(InvalidInputError, match="300 values from 0 to 299"):
        check_mask(ids)


def test_missing_damaged_and_foreign_files(tmp_path: Path):
    with pytest.raises(VideoError, match="No such file"):
        read_mask(tmp_path / "missing.png")
    with pytest.raises(VideoError, match="cannot read the mask"):
        read_mask(tmp_path)
    (tmp_path / "text.png").write_text("not an image")
    with pytest.raises(VideoError, match="not an image"):
        read_mask(tmp_path / "text.png")
    whole = save(tmp_path / "whole.png", np.random.default_rng(0).integers(0, 9, (64, 64), np.uint8)).read_bytes()
    for length in (0, 5, 20, 30, 60, len(whole) // 2, len(whole) - 20):
        (tmp_path / "cut.png").write_bytes(whole[:length])
        with pytest.raises(VideoError):
            read_mask(tmp_path / "cut.png")
    for position in range(8, len(whole), 97):
        damaged = whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :]
        (tmp_path / "flipped.png").write_bytes(damaged)
        with pytest.raises(MobileVOSError):
            read_mask(tmp_path / "flipped.png")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((4, 4, 3), np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "shape"),
        (np.ones((4, 4), np.float32), "integers"),
        (np.full((4, 4), -1), "from -1 to -1"),
        (np.zeros((4, 4), np.uint8), "empty"),
        ("first.png", "shape"),
    ],
)
def test_check_mask_refuses(mask: object, message: str):
    with pytest.raises(InvalidInputError, match=message):
        check_mask(mask)


def test_check_mask_wants_the_size_of_the_frame():
    with pytest.raises(InvalidInputError, match="4x3 but the frame is 854x480"):
        check_mask(IDS, size=(480, 854))


def test_check_mask_takes_integers_and_booleans():
    assert check_mask(IDS) is IDS
    assert check_mask(IDS.astype(np.int64)).dtype == np.uint8
    assert np.array_equal(check_mask(IDS > 0), IDS > 0)
    assert check_mask(np.zeros((2, 2), np.uint8), allow_empty=True).sum() == 0
    assert object_ids(IDS) == (1, 7, 255)


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "m.png"
    write_mask(path, IDS)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(VideoError, match=r"No space left.*free some space"):
        write_mask(path, IDS > 0)
    assert np.array_equal(read_mask(path), IDS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.png"]


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VideoError, match="cannot write"):
        write_mask(tmp_path / "file" / "m.png", IDS)
    with pytest.raises(VideoError, match="name of a file"):
        write_mask(tmp_path, IDS)
