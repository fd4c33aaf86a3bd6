"""`vos-import`: makes a checkpoint of this project from one that the authors of a model have published."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mobilevos_sdk.cli.common import ArgumentParser, UsageError, run

PROGRAM = "vos-import"
FAMILY_NAMES = ("stcn", "aot", "deaot", "torchvision")
SUFFIX = ".safetensors"
EPILOG = """\
examples:
  vos-import --from stcn stcn.pth --out stcn.safetensors
  vos-import --from aot AOTL_PRE_YTB_DAV.pth --model aot-l --out aot-l.safetensors
  vos-import --from torchvision mobilenet_v2-b0353104.pth --out mobilenetv2-imagenet.safetensors

The model is found by the shapes of the weights; --model is needed where several models share them. Files are read
without running code from them. The licence of the weights stays that of their publisher.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    return run(PROGRAM, lambda: _import(_parser().parse_args(argv)))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(PROGRAM, "Imports a published checkpoint under this project's names.", EPILOG)
    parser.add_argument("checkpoint", type=Path, metavar="FILE", help="the published file, .pth or .safetensors")
    parser.add_argument("--from", dest="family", choices=FAMILY_NAMES, required=True, help="whose names it has")
    parser.add_argument("--model", metavar="NAME", help="the model it is, where the shapes do not tell")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=f"the checkpoint to write, {SUFFIX}")
    return parser


def _import(options: argparse.Namespace) -> None:
    if options.out.suffix != SUFFIX:
        raise UsageError(f"--out {options.out} has to end in {SUFFIX}")
    if options.out.resolve() == options.checkpoint.resolve():
        raise UsageError("--out is the checkpoint itself; choose another name")
    from mobilevos_sdk.files import check_writable

    check_writable(options.out)
    from mobilevos_models.checkpoints import save_checkpoint
    from mobilevos_models.importing import import_state, metadata, read_published

    imported = import_state(read_published(options.checkpoint), options.family, options.model)
    save_checkpoint(options.out, imported.state, metadata(imported, options.checkpoint))
    millions = sum(tensor.numel() for tensor in imported.state.values() if tensor.is_floating_point()) / 1e6
    print(f"{options.out}: {imported.model}, {millions:.1f} million numbers from {options.checkpoint.name}")


if __name__ == "__main__":
    sys.exit(main())
