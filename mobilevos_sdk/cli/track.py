"""`vos-track`: a video and its first mask go in; an overlay video and a mask for every frame come out."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    ArgumentParser,
    Progress,
    StopRequest,
    add_passes,
    add_zoom,
    describe_os_error,
    positive_int,
    run,
    stop_on_interrupt,
)
from mobilevos_sdk.errors import MobileVOSError
from mobilevos_sdk.options import DELEGATES, RUNTIMES, RuntimeOptions

if TYPE_CHECKING:
    import numpy as np

    from mobilevos_sdk.cli.track_outputs import Outputs
    from mobilevos_sdk.cli.track_report import Report
    from mobilevos_sdk.tracking import VideoTracker
    from mobilevos_sdk.video import FrameSource

PROGRAM = "vos-track"
EXAMPLES = """examples:
  vos-track clip.mp4 --mask first.png --out overlay.mp4 --masks masks/
  vos-track clip.mp4 --box 120,80,200,310            no mask at hand: a box around the object
  vos-track frames/ --mask frames-mask.png --masks masks/ --json
  vos-track 0 --box 200,100,240,240                  the first camera, until Ctrl-C

A mask is a PNG with a palette or in grey; 0 is background, 1 to 255 are objects.
Ctrl-C ends a run early; what was done until then is kept and plays.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    return run(PROGRAM, lambda: _main(argv))


def _main(argv: list[str] | None) -> int:
    args = _parser().parse_args(argv)

    from mobilevos_sdk.cli.track_outputs import Outputs, Targets
    from mobilevos_sdk.cli.track_report import Report
    from mobilevos_sdk.passes import Passes
    from mobilevos_sdk.segmenter import DEFAULT_MODEL, Segmenter
    from mobilevos_sdk.video import open_frames

    targets = Targets.of(args.video, args.mask, args.out, args.masks)
    source = open_frames(args.video)
    mask = _first_mask(args, source)
    options = RuntimeOptions(runtime=args.runtime, threads=args.threads, delegate=args.delegate, zoom=args.zoom)
    segmenter = Segmenter.open(args.model or DEFAULT_MODEL, options)
    tracker = Passes(segmenter) if args.passes else segmenter
    report = Report(source.name, source.size, segmenter.spec.model, segmenter.backend_name)
    outputs = Outputs(targets, source)
    # Closing is inside: a Ctrl-C while the last frames are written must not lose them.
    with stop_on_interrupt() as stop:
        try:
            with outputs:
                _track(_TimedFrames(source), tracker, mask, outputs, report, stop)
        except MobileVOSError as error:
            report.error = str(error)
        except OSError as error:
            report.error = describe_os_error(error)
        except KeyboardInterrupt:
            report.interrupted = True
    return _conclude(report, outputs.files(), args.json)


def _track(
    frames: _TimedFrames,
    tracker: VideoTracker,
    mask: np.ndarray,
    outputs: Outputs,
    report: Report,
    stop: StopRequest,
) -> None:
    """The loop: read, track, draw and write, one frame at a time."""
    progress = Progress(frames.source.count)
    started = time.perf_counter()
    try:
        for result in tracker.track(frames, mask):
            tracked = time.perf_counter()
            outputs.write(frames.current, result)
            report.add(result, frames.milliseconds, 1e3 * (time.perf_counter() - tracked))
            progress.step()
            if stop.requested:
                report.interrupted = True
                return
    finally:
        report.seconds = time.perf_counter() - started
        progress.close()


class _TimedFrames:
    """Passes frames on; remembers the newest one, and how long it was waited for, in milliseconds."""

    def __init__(self, source: FrameSource) -> None:
        self.source = source
        self.current = source.first
        self.milliseconds = 0.0

    def __iter__(self) -> Iterator[np.ndarray]:
        from mobilevos_sdk.prefetch import prefetch
        from mobilevos_sdk.video import Camera

        frames = iter(self.source) if isinstance(self.source, Camera) else prefetch(self.source)
        while True:
            started = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                return
            self.milliseconds = 1e3 * (time.perf_counter() - started)
            self.current = frame
            yield frame


def _conclude(report: Report, files: dict[str, str], as_json: bool) -> int:
    """Prints what was done, then what went wrong, if anything did."""
    report.files = files
    if report.frames:
        print(report.to_json() if as_json else report.to_text())
    if report.error:
        raise MobileVOSError(report.error)
    if report.interrupted:
        print(f"{PROGRAM}: interrupted; the {report.frames} frames that were done are kept", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_OK


def _first_mask(args: argparse.Namespace, source: FrameSource) -> np.ndarray:
    """The first frame's mask, (H, W) uint8 ids: read, or made from the boxes."""
    if args.mask:
        from mobilevos_sdk.masks import check_mask, read_mask

        return check_mask(read_mask(args.mask), source.size)

    from mobilevos_sdk.first_mask import Box, mask_from_boxes

    found = mask_from_boxes(source.first, [Box(*box) for box in args.box])
    for number in found.guessed:
        print(
            f"{PROGRAM}: note: no clear outline in box {number}; an ellipse stands in for it. "
            "A tighter box or a mask (--mask) gives better results",
            file=sys.stderr,
        )
    return found.mask


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        PROGRAM, "Follow objects through a video, from the mask of its first frame or a box around each.", EXAMPLES
    )
    parser.add_argument("video", metavar="VIDEO", help="a video file, a folder of frames, or a camera's index (0)")
    first = parser.add_mutually_exclusive_group(required=True)
    first.add_argument("--mask", metavar="PNG", help="the object ids on the first frame")
    first.add_argument(
        "--box", metavar="X,Y,W,H", action="append", type=_box, help="a box around an object; repeatable"
    )
    parser.add_argument(
        "--out", metavar="MP4", help="the overlay video (default, without --masks: VIDEO-overlay.mp4 in this folder)"
    )
    parser.add_argument("--masks", metavar="DIR", help="a folder for one mask PNG per frame")
    parser.add_argument(
        "--model", metavar="NAME|FILE", help="an embedded model, or an artifact's file (default: mobilenetv2-noaspp)"
    )
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto", help="what runs the model (default: auto)")
    parser.add_argument("--delegate", choices=DELEGATES, default="cpu", help="where LiteRT runs it (default: cpu)")
    add_passes(parser)
    add_zoom(parser)
    parser.add_argument("--threads", metavar="N", type=positive_int, help="threads of the runtime (default: by cores)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def _box(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not four whole numbers x,y,width,height, such as 120,80,200,310"
        ) from None
    return x, y, width, height


if __name__ == "__main__":
    sys.exit(main())
