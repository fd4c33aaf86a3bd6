"""Replays a golden case through the import path and says how far our outputs are from the authors'.

    python tests/replay_golden.py ../shared/goldens/stcn_2obj.json

A case is NAME.json beside NAME.npz: the model, the official names and shapes of its weights, frames, masks and outputs.
The weights are a function of their names, are imported as a published checkpoint is, and loaded strictly. One line is
printed for each output, with its largest absolute error. Exit codes: 0 all within 1e-3, 1 not, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mobilevos_models.aot.memory import AOTMemory
from mobilevos_models.aot.model import AOT
from mobilevos_models.importing import Imported, import_state
from mobilevos_models.normalisation import IMAGE_MEAN, IMAGE_STD
from mobilevos_models.stcn import STCN, STCNConfig
from mobilevos_sdk.errors import InvalidInputError, MobileVOSError

PROGRAM = "replay_golden.py"
TOLERANCE = 1e-3
INPUTS = ("frames", "masks")
# Outputs of the frame's size; the others are of the features'.
STRIDED = re.compile(r"(prob|logits)_\d+")


@dataclass(frozen=True)
class Case:
    """A golden case.

    Attributes:
        model: our name of the model.
        family: as `vos-import --from` takes it.
        weights: official names to tensors.
        frames: (T, 3, H, W) float32 RGB in 0..255.
        masks: (T, N, H, W) float32, one channel for every id up to the largest one.
        expected: the authors' outputs by name.
        settings: the rest of the JSON.
    """

    model: str
    family: str
    weights: dict[str, Tensor]
    frames: Tensor
    masks: Tensor
    expected: dict[str, np.ndarray]
    settings: dict[str, Any]


def filled(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The weights of a golden case: normal noise that is seeded with the tensor's name, scaled by what it is."""
    kind = name.rpartition(".")[2]
    if kind == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
    if kind == "running_var":
        return np.float32(1.0) + np.float32(0.2) * np.abs(noise)
    if kind == "running_mean" or kind.endswith("bias"):
        return np.float32(0.1) * noise
    if len(shape) < 2:  # the scale of a norm
        return np.float32(1.0) + np.float32(0.1) * noise
    return noise * np.float32(np.sqrt(1.0 / np.prod(shape[1:])))


def fill(shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    """A whole state dict of such weights."""
    return {name: torch.from_numpy(np.asarray(filled(name, tuple(shape)))) for name, shape in shapes.items()}


def our_name(official: str) -> tuple[str, str]:
    """Our name and family of a case's model: 'r50_deaotl' is 'r50-deaot-l' of 'deaot'.

    Raises:
        InvalidInputError: there is no such model.
    """
    if official == "stcn":
        return "stcn", "stcn"
    parts = re.fullmatch(r"(r50_)?((?:de)?aot)([tsbl])", official)
    if parts is None:
        raise InvalidInputError(
            f"no model is called '{official}'; a case is of stcn, aot*, deaot*, r50_aotl or r50_deaotl"
        )
    prefix, family, size = parts.groups()
    return f"{'r50-' if prefix else ''}{family}-{size}", family


def read_case(path: Path) -> Case:
    """Reads NAME.json and NAME.npz.

    Raises:
        InvalidInputError: they are missing, damaged, or lack something.
    """
    try:
        settings = json.loads(path.read_text())
        with np.load(path.with_suffix(".npz")) as file:
            arrays = {name: file[name] for name in file.files}
        model, family = our_name(settings["model"])
        weights = fill(settings.pop("parameters"))
        ids = arrays["masks"]
        frames = torch.from_numpy(arrays["frames"]) * _per_channel(IMAGE_STD) + _per_channel(IMAGE_MEAN)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"{path} is no golden case with an .npz beside it: {error}") from error
    masks = np.stack([ids == index for index in range(1, int(ids.max()) + 1)], axis=1)
    expected = {name: array for name, array in arrays.items() if name not in INPUTS}
    return Case(model, family, weights, frames, torch.from_numpy(masks.astype(np.float32)), expected, settings)


def _per_channel(values: tuple[float, float, float]) -> Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)


@torch.inference_mode()
def replay(case: Case) -> dict[str, np.ndarray]:
    """Our outputs for a case, under the names of the authors' ones.

    Raises:
        MobileVOSError: the official weights do not become our model.
    """
    imported = import_state(case.weights, case.family, case.model)
    outputs = _replay_stcn(imported, case) if case.family == "stcn" else _replay_aot(imported, case)
    stride = case.settings.get("output_stride", 1)
    named = {name: tensor.numpy() for name, tensor in outputs}
    return {name: a[..., ::stride, ::stride] if STRIDED.fullmatch(name) else a for name, a in named.items()}


def _replay_stcn(imported: Imported, case: Case) -> Iterator[tuple[str, Tensor]]:
    """Memory after every frame, of the mask that is given for it."""
    model = STCN(replace(STCNConfig("stcn"), top_k=case.settings.get("top_k", 20))).eval()
    model.load_state_dict(imported.state)
    height, width = case.frames.shape[-2:]
    top, left = (-height % 16) // 2, (-width % 16) // 2
    frames, masks = _padded(case.frames - _per_channel(IMAGE_MEAN)) + _per_channel(IMAGE_MEAN), _padded(case.masks)
    state, _ = model.encode_frame(frames[:1])
    memory = [model.memorize(state, masks[:1], frames[:1])]
    yield "key_0", state.key
    value = memory[0].value[0].transpose(1, 2)
    yield "value_0", value.reshape(*value.shape[:2], *state.key.shape[-2:])
    for index in range(1, len(frames)):
        frame = frames[index : index + 1]
        probabilities, state = model.segment(frame, memory)
        yield f"prob_{index}", probabilities[0, :, top : top + height, left : left + width]
        memory.append(model.memorize(state, masks[index : index + 1], frame))


def _replay_aot(imported: Imported, case: Case) -> Iterator[tuple[str, Tensor]]:
    """The first frame is the reference; each later frame is remembered with the mask that is given for it."""
    model = imported.family.models()[imported.model]().eval()
    if not isinstance(model, AOT):
        raise InvalidInputError(f"'{imported.model}' is no model of {case.family}; check the case's model")
    model.load_state_dict(imported.state)
    logits, entry = model.start_logits(case.frames[:1], case.masks[:1])
    yield "logits_0", logits[0]
    memory = AOTMemory(case.settings.get("long_term_gap"))
    memory.reference(entry)
    exist = torch.ones(1, case.masks.shape[1], 1, 1)
    for index in range(1, len(case.frames)):
        logits, state = model.segment_view(case.frames[index : index + 1], memory.view(), exist)
        yield f"logits_{index}", logits[0]
        memory.update(model.memorize(state, case.masks[index : index + 1]))


def _padded(x: Tensor) -> Tensor:
    """Zeros around (T, C, H, W), so that its sides are multiples of 16 as STCN needs."""
    rows, columns = -x.shape[-2] % 16, -x.shape[-1] % 16
    return F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


def compare(case: Case, ours: dict[str, np.ndarray]) -> Iterator[tuple[str, float]]:
    """Each of the authors' outputs and its largest absolute error; infinite where we have none of that shape."""
    for name, theirs in sorted(case.expected.items()):
        mine = ours.get(name)
        same = mine is not None and mine.shape == theirs.shape
        yield name, float(np.abs(mine - theirs).max()) if mine is not None and same else float("inf")


def main(argv: list[str] | None = None) -> int:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=(__doc__ or "").split("\n")[0])
    parser.add_argument("case", type=Path, help="the case's .json; its .npz lies beside it")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch's threads (default: 1)")
    options = parser.parse_args(argv)
    torch.set_num_threads(max(options.threads, 1))
    try:
        case = read_case(options.case)
    except InvalidInputError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    try:
        errors = dict(compare(case, replay(case)))
    except MobileVOSError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    for name, error in errors.items():
        print(f"{name:10} {error:.2e}{'' if error <= TOLERANCE else '  above the tolerance'}")
    good = bool(errors) and all(error <= TOLERANCE for error in errors.values())
    print(f"{options.case.stem}: {'passes' if good else 'FAILS'}, {case.model}, tolerance {TOLERANCE:g}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
