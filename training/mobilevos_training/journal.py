"""What a run writes down while it goes: `log.jsonl`, TensorBoard and validation pictures."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from mobilevos_sdk.files import write_atomically

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from mobilevos_training.validation import ValidationResult

LOG_FILE = "log.jsonl"
PICTURES = "validation"
TENSORBOARD = "tensorboard"


class Journal:
    """The log of a run in its folder. A resumed run drops what lies after the step that it goes on from.

    A context: what TensorBoard still holds is written at its end.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self.folder = folder
        self._path = folder / LOG_FILE
        self._drop_after(step)
        self._writer = self._tensorboard(step)

    def line(self, values: dict[str, float]) -> None:
        """Appends a line of scalars; `step` is one of them."""
        with self._path.open("a") as file:
            file.write(json.dumps(values) + "\n")
        if self._writer is not None:
            for name, value in values.items():
                if name != "step":
                    self._writer.add_scalar(name, value, int(values["step"]))

    def validation(self, step: int, result: ValidationResult) -> None:
        """Writes a validation's scores and its picture."""
        from mobilevos_training.validation import write_preview

        self.line({"step": float(step), "validation_jf": result.mean_jf})
        write_preview(self.folder / PICTURES / f"step-{step:08d}.png", result.preview)
        if self._writer is not None:
            self._writer.add_image("validation", result.preview, step, dataformats="HWC")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def _tensorboard(self, step: int) -> SummaryWriter | None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the logger looks for TensorFlow and says so
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:  # log.jsonl holds the same figures
            return None
        return SummaryWriter(str(self.folder / TENSORBOARD), purge_step=step)

    def _drop_after(self, step: int) -> None:
        if not self._path.is_file():
            return
        lines = [line for line in self._path.read_text().splitlines() if _step_of(line) <= step]
        write_atomically(self._path, "".join(f"{line}\n" for line in lines))


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):  # a line that a kill cut short
        return float("inf")
