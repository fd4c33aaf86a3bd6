"""Sets two evaluations of the same sequences against each other: how much better one scores, and how sure that is."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path

from mobilevos_bench.accuracy_results import AccuracyResult, MasksAccuracy
from mobilevos_bench.formats import read_result
from mobilevos_bench.gain_results import Gain, SequenceGain
from mobilevos_sdk.errors import InvalidInputError, RuntimeMissingError

LEVEL = 0.95


def gain(first: Path, second: Path) -> Gain:
    """Compares two files of `vos-eval`; models, runtimes and precisions may differ.

    Raises:
        InvalidInputError: a file is no evaluation, or they are of different data.
        RuntimeMissingError: there is no SciPy.
        OSError: a file cannot be read.
    """
    evaluations = []
    for path in (first, second):
        result = read_result(path)
        if not isinstance(result, AccuracyResult | MasksAccuracy):
            raise InvalidInputError(f"{path} is no evaluation; give two files that 'vos-eval --json' wrote")
        evaluations.append(result)
    return gain_between(evaluations[0], evaluations[1], first.name, second.name)


def gain_between(
    first: AccuracyResult | MasksAccuracy, second: AccuracyResult | MasksAccuracy, first_name: str, second_name: str
) -> Gain:
    """Compares two evaluations, sequence by sequence.

    Args:
        first: what is compared with.
        second: what is compared.
        first_name: names the first one in the result and in messages.
        second_name: names the second one.

    Raises:
        InvalidInputError: data, sequences, scored frames or numbers of objects are not the same.
        RuntimeMissingError: there is no SciPy.
    """
    if first.data != second.data:
        raise InvalidInputError(
            f"{first_name} is scored on {first.data}, {second_name} on {second.data}; score both on the same data"
        )
    sequences = [[(one.name, one.frames, one.objects) for one in result.sequences] for result in (first, second)]
    if sorted(sequences[0]) != sorted(sequences[1]):
        names = sorted({name for name, _, _ in set(sequences[0]) ^ set(sequences[1])})
        raise InvalidInputError(
            f"{first_name} and {second_name} differ in what was scored of {', '.join(names)}; score both anew"
        )
    others = {one.name: one.scores.j_and_f for one in second.sequences}
    pairs = tuple(SequenceGain(one.name, one.objects, one.scores.j_and_f, others[one.name]) for one in first.sequences)
    low, high = _interval(pairs)
    return Gain(first.data, first_name, second_name, first.overall.j_and_f, second.overall.j_and_f, low, high, pairs)


def _interval(pairs: Sequence[SequenceGain]) -> tuple[float | None, float | None]:
    """The 95 % interval of the mean gain over all objects, as if other sequences of the same kind had been drawn.

    Objects of one sequence share its fate, so sequences are what is drawn: the mean is a ratio of two sums over
    sequences, gains by objects and objects, with the usual linearised standard error of such a ratio (Cochran, Sampling
    Techniques, section 6.4) and Student's distribution. With as many objects in each it is the paired t interval.
    """
    count = len(pairs)
    if count < 2:
        return None, None
    if importlib.util.find_spec("scipy") is None:
        raise RuntimeMissingError("an interval needs SciPy; install it with 'pip install mobilevos[bench]'")
    from scipy.stats import t  # type: ignore[import-untyped]

    objects = sum(pair.objects for pair in pairs)
    mean = sum(pair.objects * pair.gain for pair in pairs) / objects
    residuals = [pair.objects * (pair.gain - mean) * count / objects for pair in pairs]
    error = math.sqrt(sum(residual**2 for residual in residuals) / (count * (count - 1)))
    reach = float(t.ppf((1 + LEVEL) / 2, count - 1)) * error
    return mean - reach, mean + reach


def gain_text(found: Gain) -> str:
    """A table in percent with a line for every sequence, and the gain over all objects with its interval."""
    header = ("sequence", "objects", found.first, found.second, "gain")
    rows = [header]
    rows += [_row(one.name, one.objects, one.first, one.second) for one in found.sequences]
    rows.append(_row("all objects", sum(one.objects for one in found.sequences), found.first_score, found.second_score))
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    return "\n".join([f"J&F on {found.data}", *lines, gain_sentence(found)])


def gain_sentence(found: Gain) -> str:
    """How sure a gain is, in a sentence."""
    count = len(found.sequences)
    if found.low is None or found.high is None:
        return "One sequence says nothing about others."
    apart = "tell the two apart" if found.low > 0 or found.high < 0 else "do not tell the two apart"
    return (
        f"95 % interval {points(found.low)} to {points(found.high)} points, higher in {found.ahead} of {count}: "
        f"these sequences {apart}."
    )


def points(difference: float) -> str:
    """A difference of scores in points, with its sign; one that rounds to none has a plus."""
    return f"{round(100 * difference, 1) + 0.0:+.1f}"


def _row(name: str, objects: int, first: float, second: float) -> tuple[str, str, str, str, str]:
    return name, str(objects), f"{100 * first:.1f}", f"{100 * second:.1f}", points(second - first)
