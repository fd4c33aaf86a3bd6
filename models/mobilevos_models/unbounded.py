"""`python -m mobilevos_models.unbounded`: masks of a model whose memory holds every frame of a video.

No artifact has such a memory, since the slots of the queue are inputs of its graphs. Here PyTorch runs the same graphs
under the SDK's Session, with as many slots as a sequence has frames; `vos-eval --predictions` scores the masks.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import EXIT_OK, ArgumentParser, Progress, add_zoom, frame_size, positive_int, run
from mobilevos_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from mobilevos_models.registry import VOSModel
    from mobilevos_sdk.davis import DavisSequence

PROGRAM = "python -m mobilevos_models.unbounded"
# Says in the folder of the masks what made them.
NOTE = "unbounded.json"
EPILOG = """examples:
  python -m mobilevos_models.unbounded --model mobilenetv2-noaspp --data DAVIS --save masks
  vos-eval --predictions masks --data DAVIS --json benchmarks/results/eval-unbounded-mobilenetv2-noaspp.json

A sequence whose masks are all there is left out: give the command again to go on where it stopped. Time and memory of a
frame grow with the length of the video. exit codes: 0 done, 1 failed, 2 wrong usage"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    return run(PROGRAM, lambda: _main(build_parser().parse_args(argv)))


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Follow the objects of a data set with a memory of all frames.", EPILOG)
    add = parser.add_argument
    add("--model", required=True, help="registered name, such as mobilenetv2-noaspp")
    add("--checkpoint", type=Path, metavar="FILE", help="safetensors file (default: the shipped one)")
    add("--data", type=Path, required=True, metavar="DIR", help="folder with JPEGImages and the ground truth")
    add("--annotations", default="Annotations", metavar="FOLDER", help="the ground truth's folder (%(default)s)")
    add("--size", type=frame_size, default=(480, 864), metavar="HxW", help="the model's input (480x864)")
    add_zoom(parser)
    add("--threads", type=positive_int, metavar="N", help="PyTorch's threads (default: its own choice)")
    add("--save", type=Path, required=True, metavar="DIR", help="where the masks go: DIR/SEQUENCE/FRAME.png")
    return parser


def _main(options: argparse.Namespace) -> int:
    from mobilevos_models.checkpoints import load_model, shipped_checkpoint
    from mobilevos_sdk.davis import find_sequences

    checkpoint = options.checkpoint or shipped_checkpoint(options.model)
    model = load_model(checkpoint, options.model).eval()
    found = find_sequences(options.data, options.annotations)
    sequences = [sequence for sequence in found if sequence.scored]
    _claim(options.save, checkpoint, options)
    todo = [sequence for sequence in sequences if not _is_done(options.save, sequence)]
    if len(todo) < len(sequences):
        print(f"{len(sequences) - len(todo)} of {len(sequences)} sequences are done already", file=sys.stderr)
    progress = Progress(sum(_slots(sequence) for sequence in todo))
    try:
        for sequence in todo:
            _follow(model, sequence, options, progress)
    finally:
        progress.close()
    return EXIT_OK


def _follow(model: VOSModel, sequence: DavisSequence, options: argparse.Namespace, progress: Progress) -> None:
    from mobilevos_models.torch_backend import TorchBackend
    from mobilevos_sdk.evaluation import track_sequence
    from mobilevos_sdk.masks import object_ids, write_mask
    from mobilevos_sdk.segmenter import Segmenter

    objects = len(object_ids(sequence.first_mask()))
    height, width = options.size
    backend = TorchBackend(model, _slots(sequence), objects, height, width, options.threads)
    for index, result in track_sequence(Segmenter.from_backend(backend, options.zoom), sequence):
        if index > sequence.first:
            write_mask(_path(options.save, sequence, index), result.mask)
            progress.step()


def _slots(sequence: DavisSequence) -> int:
    """Frames before the last one that counts: none of them is ever forgotten."""
    return max(sequence.scored) - sequence.first


def _path(folder: Path, sequence: DavisSequence, index: int) -> Path:
    return folder / sequence.name / f"{sequence.frame_names[index]}.png"


def _is_done(folder: Path, sequence: DavisSequence) -> bool:
    """Whether all masks are there; each file is written whole."""
    return all(_path(folder, sequence, index).is_file() for index in _tracked(sequence))


def _tracked(sequence: DavisSequence) -> Sequence[int]:
    return range(sequence.first + 1, max(sequence.scored) + 1)


def _claim(folder: Path, checkpoint: Path, options: argparse.Namespace) -> None:
    """Notes what makes the masks of a folder.

    Raises:
        InvalidInputError: the folder holds something else.
        MobileVOSError: it cannot be written.
    """
    from mobilevos_sdk.files import write_atomically

    note = {
        "model": options.model,
        "checkpoint_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        "size": "x".join(map(str, options.size)),
        "annotations": options.annotations,
        **({"zoom": True} if options.zoom else {}),  # folders from before there was a zoom have no such key
    }
    text = json.dumps(note, indent=1) + "\n"
    path = folder / NOTE
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    if before != text and folder.is_dir() and any(folder.iterdir()):
        raise InvalidInputError(f"{folder} holds something else than masks of this run; choose another folder")
    write_atomically(path, text)


if __name__ == "__main__":
    sys.exit(main())
