"""Videos in and out: real files, phone rotation, folders, damage, odd sizes, a disk that fills up."""

from __future__ import annotations

import gc
import struct
import subprocess
import sys
import wave
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.video import VideoWriter, open_frames
from mobilevos_sdk.video_in import natural_key


def gradient(index: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A frame whose left upper corner is red and whose brightness tells its number."""
    frame = np.full((height, width, 3), 10 * (index % 24) + 20, np.uint8)
    frame[: height // 2, : width // 2] = (200, 30, 40)
    return frame


def write_video(path: Path, count: int = 12, height: int = 48, width: int = 64, fps: Fraction = Fraction(25)) -> Path:
    with VideoWriter(path, fps) as writer:
        for index in range(count):
            writer.write(gradient(index, height, width))
    return path


def test_what_is_written_is_read_again_with_its_colours_and_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", fps=Fraction(30000, 1001))
    source = open_frames(path)
    frames = list(source)
    assert (source.fps, source.count, source.size) == (Fraction(30000, 1001), 12, (48, 64))
    assert len(frames) == len(list(source)) == 12  # a second pass starts again
    for index, frame in enumerate(frames):
        assert np.abs(frame[40, 50].astype(int) - (10 * index + 20)).max() <= 6
        assert np.abs(frame[8, 8].astype(int) - (200, 30, 40)).max() <= 12
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]


def test_the_written_file_is_what_browsers_play(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4")
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")  # the index in front: plays while it loads
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")


@pytest.mark.parametrize("size", [(47, 63), (48, 63), (47, 64), (1, 1), (33, 2)])
def test_odd_sizes_are_padded_with_their_own_edge(tmp_path: Path, size: tuple[int, int]) -> None:
    frame = open_frames(write_video(tmp_path / "odd.mp4", 3, *size)).first
    assert frame.shape[:2] == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert np.abs(frame[-1].astype(int) - frame[size[0] - 1]).max() <= 12


# The matrix of a quarter turn clockwise and so on, and what numpy calls it.
TURNS = {90: (0, 1, -1, 0, -1), 180: (-1, 0, 0, -1, 2), 270: (0, -1, 1, 0, 1)}


@pytest.mark.parametrize("degrees", TURNS)
def test_a_phones_rotation_is_undone(tmp_path: Path, degrees: int) -> None:
    path = write_video(tmp_path / "phone.mp4", 3)
    lying = open_frames(path).first
    a, b, c, d, quarter_turns = TURNS[degrees]
    data = bytearray(path.read_bytes())
    # `tkhd`, version 0: 40 bytes behind its name are the nine numbers of the matrix (ISO/IEC 14496-12, 8.3.2).
    offset = data.find(b"tkhd") + 4 + 40
    one = 1 << 16
    data[offset : offset + 36] = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    source = open_frames(path)
    expected = np.rot90(lying, quarter_turns)
    assert source.size == expected.shape[:2]
    assert all(frame.shape == expected.shape for frame in source)
    np.testing.assert_array_equal(source.first, expected)


def test_a_folder_is_read_in_natural_order_and_keeps_its_names(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), gradient(number)[..., ::-1])
    (tmp_path / "notes.txt").write_text("not a frame")
    (tmp_path / "._frame1.png").write_bytes(b"left behind by a Mac")
    source = open_frames(tmp_path)
    assert [source.frame_name(i) for i in range(3)] == ["frame1", "frame2", "frame10"]
    for frame, number in zip(source, (1, 2, 10), strict=True):
        np.testing.assert_array_equal(frame, gradient(number))
    assert natural_key("a10b") > natural_key("a9c")


def test_folders_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="holds no frames"):
        open_frames(tmp_path)
    cv2.imwrite(str(tmp_path / "0.png"), gradient(0))
    cv2.imwrite(str(tmp_path / "0.jpg"), gradient(0))
    with pytest.raises(VideoError, match="one image for each frame"):
        open_frames(tmp_path)
    (tmp_path / "0.jpg").unlink()
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(VideoError, match=r"1\.png is not an image"):
        list(open_frames(tmp_path))


def test_a_change_of_size_names_the_frame(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), gradient(0))
    cv2.imwrite(str(tmp_path / "1.png"), gradient(1, 50, 64))
    frames = iter(open_frames(tmp_path))
    next(frames)
    with pytest.raises(VideoError, match=r"frame 1 of .* is 64x50, the first was 64x48"):
        next(frames)


def test_files_that_are_no_videos_say_so(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("hello\n" * 100)
    with pytest.raises(VideoError, match="is not a video"):
        open_frames(text)
    with pytest.raises(VideoError, match="no video at"):
        open_frames(tmp_path / "missing.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(VideoError, match="is not a video"):
        open_frames(tmp_path / "empty.mp4")
    sound = tmp_path / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    with pytest.raises(VideoError, match="sound but no pictures"):
        open_frames(sound)
    with pytest.raises(VideoError, match="camera 99 cannot be opened"):
        open_frames("99")


@pytest.mark.parametrize("lost", [0.4, 0.02])
def test_a_cut_off_file_yields_what_it_has_and_then_an_error(tmp_path: Path, lost: float) -> None:
    path = write_video(tmp_path / "clip.mp4", 60)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * (1 - lost))])
    read = []
    with pytest.raises(VideoError, match=r"cut off or damaged after \d+ frames"):
        read.extend(open_frames(path))  # extend keeps what came before the error
    assert 0 < len(read) < 60


def test_a_file_without_its_index_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(VideoError, match="lost its index"):
        open_frames(path)


def test_frames_are_decoded_only_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        cv2.imwrite(str(tmp_path / f"{number}.png"), gradient(number))
    decoded = []
    decode = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda data, flags: decoded.append(1) or decode(data, flags))
    frames = iter(open_frames(tmp_path))
    next(frames), next(frames)
    assert len(decoded) == 3  # the first one is read on opening too


def test_decoded_frames_do_not_pile_up(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", 60)
    gc.collect()
    gc.disable()  # frames in reference cycles would wait for the collector, hundreds of megabytes long
    try:
        most = 0
        for _ in open_frames(path):
            most = max(most, sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects()))
    finally:
        gc.enable()
    assert 0 < most <= 16  # what the decoder hands over at once


def test_a_video_that_has_ended_leaves_no_picture_behind(tmp_path: Path) -> None:
    source = open_frames(write_video(tmp_path / "clip.mp4", 5))
    gc.collect()
    gc.disable()  # a picture that waits for the collector keeps its decoder's memory
    try:
        for _ in range(2):
            assert len(list(source)) == 5
            pictures = [thing for thing in gc.get_objects() if isinstance(thing, av.VideoFrame)]
            # `source.first` is a view of a picture that was made for it, and not of the decoder's.
            assert {picture.format.name for picture in pictures} <= {"rgb24"}
    finally:
        gc.enable()


def test_an_error_in_the_users_loop_keeps_the_frames_before_it(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with pytest.raises(RuntimeError), VideoWriter(path, 25) as writer:
        for index in range(7):
            writer.write(gradient(index))
        raise RuntimeError
    assert len(list(open_frames(path))) == 7


def test_a_kill_leaves_a_file_that_plays(tmp_path: Path) -> None:
    """A process that is killed without any chance to finish loses half a second, not the file."""
    script = (
        "import os, sys, numpy as np\n"
        "from mobilevos_sdk.video import VideoWriter\n"
        "writer = VideoWriter(sys.argv[1], 25)\n"
        "frames = np.random.default_rng(0).integers(0, 255, (90, 48, 64, 3), dtype=np.uint8)\n"
        "for frame in frames: writer.write(frame)\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "clip.mp4")], check=False)
    frames = []
    with suppress(VideoError):  # the last fragment may be torn
        frames.extend(open_frames(tmp_path / "clip.partial.mp4"))
    assert len(frames) >= 30


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files, which Windows lacks")
def test_a_disk_that_fills_up_keeps_the_frames_before(tmp_path: Path) -> None:
    script = (
        "import resource, sys, numpy as np\n"
        "from mobilevos_sdk.video import VideoWriter\n"
        "from mobilevos_sdk.errors import VideoError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "frames = np.random.default_rng(0).integers(0, 255, (400, 48, 64, 3), dtype=np.uint8)\n"
        "try:\n"
        "    with VideoWriter(sys.argv[1], 25) as writer:\n"
        "        for frame in frames: writer.write(frame)\n"
        "except VideoError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "clip.mp4")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    kept = len(list(open_frames(tmp_path / "clip.mp4")))
    assert f"the disk is full; the first {kept} frames are kept" in done.stdout
    assert 0 < kept < 400
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]


def test_places_that_cannot_be_written_fail_before_the_first_frame(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VideoError, match="cannot be written"):
        VideoWriter(tmp_path / "file" / "clip.mp4", 25)
    with pytest.raises(InvalidInputError, match="must end in"):
        VideoWriter(tmp_path / "clip.gif", 25)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(VideoError, match="is a folder"):
        VideoWriter(tmp_path / "folder.mp4", 25)
    with VideoWriter(tmp_path / "none.mp4", 25):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.mp4"]


def test_frames_that_do_not_fit_are_refused_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 25) as writer:
        writer.write(gradient(0))
        for wrong in (gradient(0, 50), gradient(0).astype(np.float32), gradient(0)[..., 0]):
            with pytest.raises(InvalidInputError, match="does not fit the video"):
                writer.write(wrong)
        writer.write(gradient(1))
    assert len(list(open_frames(path))) == 2
