"""Every layout is read as its publisher ships it, and what is missing is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data_sets import frame, write_binary, write_ids, write_image, write_video
from pydantic import ValidationError

from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.masks import DAVIS_PALETTE
from mobilevos_training.data.frames import AnnotatedFrame, load_image, load_mask
from mobilevos_training.data.options import DataOptions, SourceOptions
from mobilevos_training.data.pool import open_pool, source_odds
from mobilevos_training.data.readers import Source, read_source


def davis2016(root: Path) -> None:
    for name in ("bear", "held-back"):
        write_video(root / "JPEGImages/480p" / name, root / "Annotations/480p" / name, 3)
        for number in range(3):
            write_binary(root / f"Annotations/480p/{name}/{number:05d}.png", frame(number)[1])
    names = [f"480p/bear/{number:05d}" for number in range(3)]
    lines = [f"/JPEGImages/{name}.jpg /Annotations/{name}.png " for name in names]
    (root / "ImageSets/480p").mkdir(parents=True)
    (root / "ImageSets/480p/train.txt").write_text("\n".join(lines) + "\n")


def davis2017(root: Path) -> None:
    for name in ("bear", "held-back"):
        write_video(root / "JPEGImages/480p" / name, root / "Annotations/480p" / name, 3)
    (root / "ImageSets/2017").mkdir(parents=True)
    (root / "ImageSets/2017/train.txt").write_text("bear\n")


def youtube_vos(root: Path) -> None:
    write_video(root / "train/JPEGImages/003234408d", root / "train/Annotations/003234408d", 11, step=5)
    videos = {"003234408d": {"objects": {"1": {"category": "disk", "frames": ["00000", "00005", "00010"]}}}}
    (root / "train/meta.json").write_text(json.dumps({"videos": videos}))


def bl30k(root: Path) -> None:
    write_video(root / "JPEGImages/kea03423", root / "Annotations/kea03423", 3)


def pairs(image: str, mask: str, binary: bool = True) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        for number in range(3):
            picture, ids = frame(number)
            write_image(root / image.format(number), picture)
            (write_binary if binary else write_ids)(root / mask.format(number), ids)

    return write


LAYOUTS = {
    "davis2016": (davis2016, "bear", 1),
    "davis2017": (davis2017, "bear", 2),
    "youtube-vos": (youtube_vos, "003234408d", 2),
    "bl30k": (bl30k, "kea03423", 2),
    "static": (pairs("images/{}.webp", "masks/{}.png", binary=False), "set/images/0.webp", 2),
    "ecssd": (pairs("images/000{}.jpg", "ground_truth_mask/000{}.png"), "set/images/0000.jpg", 1),
    "duts": (
        pairs("DUTS-TR/DUTS-TR-Image/a_{}.jpg", "DUTS-TR/DUTS-TR-Mask/a_{}.png"),
        "set/DUTS-TR/DUTS-TR-Image/a_0.jpg",
        1,
    ),
    "fss1000": (pairs("ab_wheel/{}.jpg", "ab_wheel/{}.png"), "set/ab_wheel/0.jpg", 1),
    "hrsod": (pairs("HRSOD_train/{}.jpg", "HRSOD_train_mask/{}.png"), "set/HRSOD_train/0.jpg", 1),
    "big": (pairs("val/2007_{}_im.jpg", "val/2007_{}_gt.png"), "set/val/2007_0_im.jpg", 1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_published_layout_is_read(layout: str, tmp_path: Path) -> None:
    write, name, objects = LAYOUTS[layout]
    write(tmp_path / "set")
    source = read_source(SourceOptions(layout=layout, path="set"), tmp_path)
    assert source.items[0].name == name
    frames = [frame for item in source.items for frame in item.frames]
    assert len(frames) == 3
    assert source.still == (len(source.items) == 3)
    image = load_image(frames[0].image)
    mask = load_mask(frames[0], image.shape[:2])
    assert image.shape == (480, 640, 3)
    assert set(np.unique(mask)) == set(range(objects + 1))
    assert image[mask > 0].mean(0)[0] > 180 > 100 > image[mask == 0].mean(0)[0]  # the disks are red, and nothing else


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_layout_misses_is_named(layout: str, tmp_path: Path) -> None:
    options = SourceOptions(layout=layout, path="set")
    with pytest.raises(InvalidInputError, match=rf"{tmp_path}/set.*layout {layout}"):
        read_source(options, tmp_path)
    LAYOUTS[layout][0](tmp_path / "set")
    frame = read_source(options, tmp_path).items[-1].frames[-1]
    # The image of a video's frame is missing, or the mask of a photo.
    missing = frame.mask if layout in ("static", "ecssd", "duts", "fss1000", "hrsod", "big") else frame.image
    missing.unlink()
    with pytest.raises(InvalidInputError, match=f"no .*{missing}.*layout {layout}"):
        read_source(options, tmp_path)


def test_the_split_s_file_is_named(tmp_path: Path) -> None:
    davis2017(tmp_path)
    with pytest.raises(InvalidInputError, match=r"ImageSets/2017/val\.txt"):
        read_source(SourceOptions(layout="davis2017", path=".", split="val"), tmp_path)
    youtube_vos(tmp_path)
    (tmp_path / "train/meta.json").write_text("{}")
    with pytest.raises(InvalidInputError, match=r"meta\.json is not the JSON of YouTube-VOS"):
        read_source(SourceOptions(layout="youtube-vos", path="."), tmp_path)


def test_all_splits_of_duts(tmp_path: Path) -> None:
    for split in ("TR", "TE"):
        pairs(f"DUTS-{split}/DUTS-{split}-Image/{{}}.jpg", f"DUTS-{split}/DUTS-{split}-Mask/{{}}.png")(
            tmp_path / "DUTS"
        )
    options = SourceOptions(layout="duts", path="DUTS", split="all")
    assert len(read_source(options, tmp_path).items) == 6
    with pytest.raises(InvalidInputError, match="train, test or all"):
        read_source(SourceOptions(layout="duts", path="DUTS", split="val"), tmp_path)


def test_own_patterns_and_globs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pairs("x/photo_{}.jpg", "y/{}-mask.png")(tmp_path / "sets" / name)
    options = SourceOptions(layout="image-mask-pairs", path="sets/*", images="x/photo_*.jpg", masks="y/*-mask.png")
    assert [item.name for item in read_source(options, tmp_path).items][2:4] == [
        "sets/a/x/photo_2.jpg",
        "sets/b/x/photo_0.jpg",
    ]
    for place in (".", str(tmp_path / "sets/a")):
        source = read_source(options.model_copy(update={"path": place}), tmp_path / "sets/a")
        assert [item.name for item in source.items] == [f"x/photo_{number}.jpg" for number in range(3)]
    with pytest.raises(ValidationError, match="image-mask-pairs"):
        SourceOptions(layout="image-mask-pairs", path=".")


def test_masks_in_the_palette_s_colours_are_ids(tmp_path: Path) -> None:
    ids = frame(0)[1]
    write_image(tmp_path / "colours.png", DAVIS_PALETTE[ids])
    read = load_mask(AnnotatedFrame(tmp_path / "x.jpg", tmp_path / "colours.png", "ids"), ids.shape)
    assert np.array_equal(read, ids)
    write_image(tmp_path / "other.png", DAVIS_PALETTE[ids] + np.uint8([7, 0, 0]))
    with pytest.raises(InvalidInputError, match="not of the DAVIS palette"):
        load_mask(AnnotatedFrame(tmp_path / "x.jpg", tmp_path / "other.png", "ids"), ids.shape)


def test_a_damaged_or_foreign_file_is_one_clear_error(tmp_path: Path) -> None:
    ids = frame(0)[1]
    (tmp_path / "a.jpg").write_bytes(b"no image")
    with pytest.raises(VideoError, match=r"a\.jpg; fetch it again"):
        load_image(tmp_path / "a.jpg")
    with pytest.raises(VideoError, match="data folder complete"):
        load_image(tmp_path / "none.jpg")
    (tmp_path / "a.png").write_bytes(b"no mask")
    with pytest.raises(VideoError, match=r"a\.png; fetch it again"):
        load_mask(AnnotatedFrame(tmp_path / "a.jpg", tmp_path / "a.png"), ids.shape)
    write_ids(tmp_path / "turned.png", np.ascontiguousarray(ids.T))
    with pytest.raises(InvalidInputError, match="another shape"):
        load_mask(AnnotatedFrame(tmp_path / "a.jpg", tmp_path / "turned.png"), ids.shape)


def test_weights_and_shares_make_odds(tmp_path: Path) -> None:
    bl30k(tmp_path / "small")
    shutil.copytree(tmp_path / "small/JPEGImages/kea03423", tmp_path / "large/JPEGImages/v0")
    shutil.copytree(tmp_path / "small/Annotations/kea03423", tmp_path / "large/Annotations/v0")

    def odds(**small: float) -> list[float]:
        item = read_source(SourceOptions(layout="davis", path="small"), tmp_path).items[0]
        one = Source(SourceOptions(layout="davis", path="small", **small), (item,))
        ten = Source(SourceOptions(layout="davis", path="large"), (item,) * 10)
        return list(source_odds((one, ten)))

    assert odds(weight=5.0) == pytest.approx([5 / 15, 10 / 15])
    assert odds(share=0.4) == pytest.approx([0.4, 0.6])
    with pytest.raises(ValidationError, match=r"shares add up to 1\.5"):
        DataOptions(sources=[SourceOptions(layout="davis", path="a", share=0.75)] * 2)


def test_a_missing_data_folder_is_named(tmp_path: Path) -> None:
    options = DataOptions(sources=[SourceOptions(layout="davis", path="a")])
    with pytest.raises(InvalidInputError, match=r"no data folder .*nowhere"):
        open_pool(options, tmp_path / "nowhere", None)
