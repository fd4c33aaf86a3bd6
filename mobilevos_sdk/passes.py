"""More objects than a model follows at once: groups of them in passes of their own, weighed against each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.joint import JointSession
from mobilevos_sdk.masks import check_mask, object_ids
from mobilevos_sdk.processing import check_frame
from mobilevos_sdk.results import FrameResult
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_sdk.tracking import VideoTracker

# The least probability of a group's background that odds are taken of.
EPSILON = np.float32(1e-6)


class Passes(VideoTracker):
    """A Segmenter for any number of objects; used as a Segmenter is. The time grows with the number of passes.

    A pass sees the objects of the others as background. At a pixel the odds of each object against its own pass's
    background are normalised together, as soft aggregation (STM, Oh et al. 2019) does it for single objects.

    Args:
        segmenter: any model; a pass takes as many objects as it follows at once.

    Example:
        >>> crowd = Passes(Segmenter.open("out/aot-t-q2-480x864.tflite"))  # doctest: +SKIP
        >>> masks = [result.mask for result in crowd.track(frames, mask_of_25_people)]  # doctest: +SKIP
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    def start(self, frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> PassesSession:
        """Starts a video; see `PassesSession`.

        Raises:
            InvalidInputError: the frame or the mask cannot be used.
        """
        return PassesSession(self._segmenter, frame, mask)


class PassesSession(JointSession):
    """Follows the objects of one video in several passes. Made by `Passes.start`; for one thread at a time.

    Args:
        segmenter: the model.
        frame: the first frame, (H, W, 3) uint8 RGB; all others must have its size.
        mask: (H, W) integer or boolean object ids on that frame.

    Raises:
        InvalidInputError: the frame or the mask cannot be used.
    """

    def __init__(self, segmenter: Segmenter, frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> None:
        checked = check_frame(frame)
        ids_mask = check_mask(mask, (checked.shape[0], checked.shape[1]))
        ids, most = object_ids(ids_mask), segmenter.spec.max_objects
        groups = [ids[first : first + most] for first in range(0, len(ids), most)]
        sessions = [segmenter.start(checked, np.where(np.isin(ids_mask, group), ids_mask, 0)) for group in groups]
        super().__init__(sessions, ids_mask, _weigh)

    def _joined(self, results: Sequence[FrameResult]) -> FrameResult:
        return results[0] if len(results) == 1 else super()._joined(results)


def _weigh(results: Sequence[FrameResult]) -> FloatArray:
    """(N, H, W) float32: the odds of all objects against their own pass's background, normalised together."""
    odds = []
    for result in results:
        planes = result.probabilities
        odds.append(planes / np.maximum(1.0 - planes.sum(0), EPSILON))
    joined = np.concatenate(odds)
    return np.asarray(joined / (1.0 + joined.sum(0)), np.float32)
