"""The agreement of two machines as text for the terminal, and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from mobilevos_bench.agreement_results import AgreementResult, CaseAgreement, Side
from mobilevos_bench.markdown import markdown, runtime_name
from mobilevos_bench.origin_text import machine_text


def agreement_text(result: AgreementResult) -> str:
    """Both machines, a line with the worst of all frames for every case, and the limits."""
    lines = [f"reference: {_side(result.first)}", f"against:   {_side(result.second)}"]
    width = max(len(case.name) for case in result.cases)
    for case in result.cases:
        lines.append(
            f"{case.name:{width}}  frames within {case.input_error}, {case.different_pixels} pixels differ "
            f"({case.equal_share:.4%} equal), IoU {case.min_iou:.5f}, probabilities within {case.probability_error:.0e}"
            + ("" if result.passes(case) else "  FAILED")
        )
    lines.append(f"limits: {result.least_equal_share:.4%} of the pixels, IoU {result.least_iou}")
    return "\n".join(lines)


def agreement_rows(results: Sequence[AgreementResult]) -> str:
    """A table for each result, with both machines below it."""
    header = (
        "model", "runtime", "clip", "objects", "frames", "decoded within", "pixels that differ, at most",
        "equal pixels, at least", "IoU, at least", "probabilities within", "s per frame",
    )  # fmt: skip
    parts = []
    for result in results:
        parts += [markdown(header, map(_row, result.cases), left=3), _note(result)]
    return "\n\n".join(parts)


def _row(case: CaseAgreement) -> list[str]:
    setting = case.setting
    return [
        f"`{setting.model}`, queue {setting.queue}, {setting.height}x{setting.width}, {setting.precision}",
        runtime_name(case.artifact.runtime),
        f"`{setting.clip}`",
        str(setting.objects),
        str(len(case.frames)),
        f"{case.input_error} of 255",
        str(case.different_pixels),
        f"{case.equal_share:.4%}",
        f"{case.min_iou:.5f}",
        f"{case.probability_error:.0e}",
        f"{case.seconds[1]:.0f}",
    ]


def _note(result: AgreementResult) -> str:
    return f"{_side(result.second)} Reference: {_side(result.first)}"


def _side(side: Side) -> str:
    label = f"{side.label}: " if side.label else ""
    return label + machine_text(side.origin.machine, side.origin.versions, [side.origin.date])
