"""The scores of a sweep over lengths of the memory queue: from files of vos-eval, or made here by the same code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mobilevos_bench.accuracy import Evaluation, score_model
from mobilevos_bench.accuracy_results import AccuracyResult, MasksAccuracy, data_name
from mobilevos_bench.formats import read_result
from mobilevos_bench.queue_results import QueueResult, QueueScore, QueueSetting
from mobilevos_bench.workload import Workload
from mobilevos_sdk.davis import DavisSequence, find_sequences
from mobilevos_sdk.errors import InvalidInputError


def score_from_file(path: Path, queue: int | None, setting: QueueSetting, checkpoint: str | None) -> QueueScore:
    """The score of a length from a results file of vos-eval.

    Args:
        path: the file.
        queue: the length that it is given for; none for a memory that holds every frame.
        setting: of the sweep.
        checkpoint: hex SHA-256 of the checkpoint whose weights are in the artifacts of the sweep, where they say.

    Raises:
        InvalidInputError: it is no such file, or its figures are not of this model with this length.
        OSError: the file cannot be read.
    """
    found = read_result(path)
    runtime: str | None = None  # nothing bounds what made a folder of masks but the user's word
    sha256: str | None = None
    if isinstance(found, AccuracyResult):
        _check_model(found, path, queue, setting, checkpoint)
        runtime, sha256 = found.runtime, found.artifact
    elif not (isinstance(found, MasksAccuracy) and "predictions" in found.subject and queue is None):
        raise InvalidInputError(f"{path} does not score a model; give what 'vos-eval --model ... --json' wrote")
    scores = found.overall
    return QueueScore(
        queue, found.data, scores.j_and_f, scores.region.mean, scores.boundary.mean, runtime, path.name, sha256
    )


def score_artifact(
    workload: Workload, sequences: Sequence[DavisSequence], data: dict[str, str], on_frame: Callable[[], None]
) -> QueueScore:
    """Scores an artifact as vos-eval does.

    Args:
        workload: the artifact, for one runtime.
        sequences: what it is scored on.
        data: the data set's `folder`, and that of its `annotations`.
        on_frame: called after every frame.

    Raises:
        MobileVOSError: a frame or mask cannot be read, or the model cannot take it.
    """
    (runtime,) = workload.artifacts
    overall = Evaluation(tuple(score_model(workload.open(runtime), sequences, on_frame=on_frame))).overall
    sha256 = workload.artifact(runtime).sha256
    region, boundary = overall.region.mean, overall.boundary.mean
    return QueueScore(workload.spec.queue, data_name(data), overall.j_and_f, region, boundary, runtime, None, sha256)


def sequences_of(folder: Path, annotations: str) -> list[DavisSequence]:
    """The sequences of a data set that have a frame to score.

    Raises:
        InvalidInputError: a folder is missing, or no sequence can be scored.
    """
    found = [sequence for sequence in find_sequences(folder, annotations) if sequence.scored]
    if not found:
        raise InvalidInputError(
            f"no frame to score in {folder}; a mask to begin with and one before the last are needed"
        )
    return found


def check_data(result: QueueResult, added: Mapping[int | None, str]) -> None:
    """Makes sure that all scores of a curve are on the same data.

    Args:
        result: the sweep.
        added: the name of the data for each length whose score is about to be added, or to be replaced.

    Raises:
        InvalidInputError: they are not.
    """
    kept = [score.data for score in result.scores if score.queue not in added]
    names = list(dict.fromkeys([*kept, *added.values()]))
    if len(names) > 1:
        raise InvalidInputError(
            f"scores on {' and on '.join(names)} do not make one curve; take one data set, or give another --json"
        )


def _check_model(
    found: AccuracyResult, path: Path, queue: int | None, setting: QueueSetting, checkpoint: str | None
) -> None:
    size = f"{setting.height}x{setting.width}"
    if (found.model, found.size) != (setting.model, size):
        raise InvalidInputError(
            f"{path} scores {found.model} at {found.size}, not {setting.model} at {size}; give another --eval"
        )
    if checkpoint and found.checkpoint and found.checkpoint != checkpoint:
        raise InvalidInputError(f"{path} scores other weights than the artifacts have; evaluate those of the sweep")
    longest = max(sequence.frames for sequence in found.sequences)
    if queue is not None and found.queue != queue:
        raise InvalidInputError(f"{path} is of a queue of {found.queue}, not {queue}; give it as --eval {found.queue}=")
    if queue is None and found.queue < longest:
        raise InvalidInputError(
            f"{path} is of a queue of {found.queue}, which does not hold all frames of its longest sequence "
            f"({longest}); give it as --eval {found.queue}=, or evaluate with a queue of {longest} or more"
        )
