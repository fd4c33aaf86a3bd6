"""The app's measurements as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from mobilevos_bench.markdown import markdown, number, spread_text
from mobilevos_bench.phone.app_results import AppResult
from mobilevos_bench.phone.report import warming
from mobilevos_bench.records import Spread


def app_rows(results: Sequence[AppResult]) -> str:
    """A row for every run of the app on a phone; what was not measured on a phone is left out."""
    phones = [result for result in results if result.is_phone]
    if not phones:
        return ""
    header = (
        "phone", "model", "on", "objects", "threads", "camera", "convert", "pre", "segment", "memorize", "post", "draw",
        "ms per frame (5 to 95 %)", "FPS", "battery C",
    )  # fmt: skip
    notes = dict.fromkeys(_note(result) for result in phones)
    return "\n\n".join([markdown(header, map(_row, phones), left=3), *notes])


def _row(result: AppResult) -> list[str]:
    setting, stages = result.setting, result.stages
    columns = (
        result.camera, result.convert,
        stages.preprocess, stages.segment, stages.memorize, stages.postprocess,
        result.draw,
    )  # fmt: skip
    return [
        result.device.name,
        f"`{setting.model}`, queue {setting.queue}, {setting.height}x{setting.width}, {setting.precision}",
        result.delegate.applied,
        str(setting.objects),
        str(setting.threads),
        *map(_median, columns),
        spread_text(stages.total),
        number(result.fps, ".1f"),
        warming(result.before, result.after),
    ]


def _median(spread: Spread | None) -> str:
    return "" if spread is None else f"{spread.median:.1f}"


def _note(result: AppResult) -> str:
    device, setting = result.device, result.setting
    facts = ", ".join(filter(None, (device.name, device.system, device.chip, device.gpu, f"app {result.app}")))
    why = (
        "" if result.delegate.fallback is None else f" Not on the {result.delegate.asked}: {result.delegate.fallback}."
    )
    return (
        f"{facts}, {result.date[:10]}; medians of {result.stages.total.count} frames of `{setting.source}` "
        f"({setting.frame_width}x{setting.frame_height}), in the app.{why}"
    )
