"""What the generated tables say: results in, Markdown out."""

from __future__ import annotations

from collections.abc import Callable

from mobilevos_bench.accuracy_results import AccuracyResult, AccuracyScores
from mobilevos_bench.agreement_report import agreement_rows
from mobilevos_bench.artifact_tables import artifacts_table
from mobilevos_bench.attention_results import attention_rows
from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.frame_work import frame_work_rows
from mobilevos_bench.gain_tables import choices_table, stages_table
from mobilevos_bench.gpu_results import gpu_rows
from mobilevos_bench.markdown import markdown, number, percent, percent_score, runtime_name, spread_text
from mobilevos_bench.model_tables import cost_table, models_table
from mobilevos_bench.origin_text import origin_text
from mobilevos_bench.phone.app_report import app_rows
from mobilevos_bench.phone.report import phone_rows
from mobilevos_bench.queue_tables import queue_table
from mobilevos_bench.results import LatencyResult, RuntimeLatency, Setting
from mobilevos_bench.training_results import AblationRow

__all__ = ["TABLES", "CommittedResults"]

# What a table says for which there is no result: nothing, so that a page can have its markers before them.
NOTHING_YET = ""
_SCORE_COLUMNS = ("J&F", "J", "J recall", "J decay", "F", "F recall", "F decay")


def latency_table(results: CommittedResults, card: str) -> str:
    """Milliseconds a frame of every latency result, a row for each runtime; `card` makes no difference."""
    if not results.latency:
        return NOTHING_YET
    header = (
        "model", "runtime", "objects", "pre", "segment", "memorize", "post", "ms per frame (5 to 95 %)",
        "pre + post / model", "GFLOP", "GFLOP/s", "of the ceiling", "start-up s", "file MB",
    )  # fmt: skip
    rows = [_latency_row(result.setting, runtime) for result in results.latency for runtime in result.runtimes]
    notes = [_latency_note(result) for result in results.latency]
    return "\n\n".join([markdown(header, rows, left=2), *dict.fromkeys(notes)])


def memory_table(results: CommittedResults, card: str) -> str:
    """Peak memory of every memory result; `card` makes no difference."""
    if not results.memory:
        return NOTHING_YET
    counts = sorted({p.frames for result in results.memory for runtime in result.runtimes for p in runtime.points})
    header = ("model", "runtime", "objects", *(f"MB after {count} frames" for count in counts), "growth MB")
    rows = []
    for result in results.memory:
        for runtime in result.runtimes:
            peaks = {point.frames: f"{point.peak_mb:.0f}" for point in runtime.points}
            cells = [_model(result.setting), runtime_name(runtime.artifact.runtime), str(result.setting.objects)]
            rows.append([*cells, *(peaks.get(count, "") for count in counts), f"{runtime.growth_mb:.1f}"])
    notes = [
        f"Peak of the resident memory of one process: Python, runtime, model, and the decoder of "
        f"{_clip(result.setting)}. {origin_text(result.origin, result.setting.threads)}"
        for result in results.memory
    ]
    return "\n\n".join([markdown(header, rows, left=2), *dict.fromkeys(notes)])


def accuracy_table(results: CommittedResults, card: str) -> str:
    """The overall scores of every evaluation of a model, in percent; `card` makes no difference."""
    if not results.accuracy:
        return NOTHING_YET
    header = ("model", "parameters", "data", "runtime", *_SCORE_COLUMNS)
    rows = []
    for result in sorted(results.accuracy, key=_place):
        parameters = "" if result.parameters is None else f"{result.parameters / 1e6:.2f} M"
        name = f"`{result.model}`, {result.variant}"
        rows.append([name, parameters, result.data, runtime_name(result.runtime), *_scores(result.overall)])
    return markdown(header, rows, left=4)


def sequences_table(results: CommittedResults, card: str) -> str:
    """The scores of every sequence, in percent, in every evaluation of the card's model."""
    parts = []
    for result in results.accuracy:
        if result.model != card:
            continue
        rows = [
            [sequence.name, str(sequence.frames), str(sequence.objects), *_scores(sequence.scores)]
            for sequence in result.sequences
        ]
        frames, objects = (sum(getattr(s, name) for s in result.sequences) for name in ("frames", "objects"))
        rows.append(["**all objects**", str(frames), str(objects), *_scores(result.overall)])
        title = f"On {result.data}, {result.variant}, {runtime_name(result.runtime)}:"
        parts += [title, markdown(("sequence", "frames", "objects", *_SCORE_COLUMNS), rows, left=1)]
    return "\n\n".join(parts) or NOTHING_YET


def ablation_table(results: CommittedResults, card: str) -> str:
    """Every ablation, a row for each recipe, in percent; `card` makes no difference."""
    parts = []
    for result in results.ablation:
        header = ("recipe", "J&F", "J", "F", "gain over the first", "J&F of each seed")
        budget = ", ".join(f"{name} {value}" for name, value in result.budget.items())
        teacher = f", teacher `{result.teacher}`" if result.teacher else ""
        note = f"`{result.model}`{teacher}; {budget}; scored on {result.data}. {result.machine}."
        parts += [markdown(header, [_ablation_row(row) for row in result.rows], left=1), note]
    return "\n\n".join(parts) or NOTHING_YET


def profile_table(results: CommittedResults, card: str) -> str:
    """Every profile of a training step; `card` makes no difference."""
    if not results.profiles:
        return NOTHING_YET
    header = ("model", "setting", "ms a step", "by phase", "clips/s", "waiting for data", "GFLOP/s", "of the ceiling")
    rows = [
        [
            f"`{result.model}`",
            ", ".join(f"{name} {value}" for name, value in result.setting.items()),
            f"{1000 * sum(result.seconds.values()):.0f}",
            ", ".join(f"{name} {1000 * seconds:.0f}" for name, seconds in result.seconds.items()),
            f"{result.clips_per_second:.2f}",
            f"{100 * result.waiting_share:.1f} %",
            f"{result.gflop_per_s:.0f}",
            percent(result.ceiling_share),
        ]
        for result in results.profiles
    ]
    return "\n\n".join([markdown(header, rows, left=2), *dict.fromkeys(f"{r.machine}." for r in results.profiles)])


def phone_table(results: CommittedResults, card: str) -> str:
    """Every measurement on a phone, of single graphs and then in the app; `card` makes no difference."""
    return "\n\n".join(filter(None, (phone_rows(results.phones), app_rows(results.apps)))) or NOTHING_YET


def attention_table(results: CommittedResults, card: str) -> str:
    """Every measurement of attentions beside their arithmetic; `card` makes no difference."""
    return attention_rows(results.attentions) or NOTHING_YET


def frame_work_table(results: CommittedResults, card: str) -> str:
    """What a frame costs outside the model in Java; `card` makes no difference."""
    return frame_work_rows(results.frame_work) or NOTHING_YET


def gpu_table(results: CommittedResults, card: str) -> str:
    """Every artifact that was checked on LiteRT's GPU accelerator; `card` makes no difference."""
    return gpu_rows(results.gpus) or NOTHING_YET


def agreement_table(results: CommittedResults, card: str) -> str:
    """Every comparison of the masks of two machines; `card` makes no difference."""
    return agreement_rows(results.agreements) or NOTHING_YET


TABLES: dict[str, Callable[[CommittedResults, str], str]] = {
    "artifacts": artifacts_table,
    "latency": latency_table,
    "accuracy": accuracy_table,
    "memory": memory_table,
    "sequences": sequences_table,
    "ablation": ablation_table,
    "profile": profile_table,
    "cost": cost_table,
    "models": models_table,
    "attention": attention_table,
    "queue": queue_table,
    "phone": phone_table,
    "frame-work": frame_work_table,
    "gpu": gpu_table,
    "agreement": agreement_table,
    "stages": stages_table,
    "choices": choices_table,
}


def _ablation_row(row: AblationRow) -> list[str]:
    gain = 100 * sum(row.gains) / len(row.gains)
    spread = "" if len(row.gains) == 1 else f" ({', '.join(f'{100 * value:+.1f}' for value in row.gains)})"
    scores = [percent_score(value) for value in (row.j_and_f, row.region, row.boundary)]
    return [f"`{row.name}`", *scores, f"{gain:+.1f}{spread}", ", ".join(map(percent_score, row.seeds))]


def _place(result: AccuracyResult) -> tuple[object, ...]:
    """Sorts evaluations so that those which may be compared stand together, a model's full memory first."""
    return result.data, result.model, -result.queue, result.precision, result.runtime


def _latency_row(setting: Setting, runtime: RuntimeLatency) -> list[str]:
    stages = runtime.stages
    columns = (stages.preprocess, stages.segment, stages.memorize, stages.postprocess)
    return [
        _model(setting),
        runtime_name(runtime.artifact.runtime),
        str(setting.objects),
        *(f"{stage.median:.1f}" for stage in columns),
        spread_text(stages.total),
        percent(runtime.fit_share),
        number(runtime.gflop, ".1f"),
        number(runtime.gflop_per_s, ".0f"),
        percent(runtime.ceiling_share),
        f"{runtime.start_ms.median / 1e3:.1f}",
        f"{runtime.artifact.bytes / 1e6:.1f}",
    ]


def _latency_note(result: LatencyResult) -> str:
    chains = ", ".join(
        f"{runtime_name(ceiling.runtime)} {ceiling.kind} {ceiling.gflop_per_s.median:.0f}"
        for ceiling in result.ceilings
    )
    frames = result.runtimes[0].stages.total.count
    return (
        f"`{result.setting.model}`: medians of {frames} frames of {_clip(result.setting)}, decoding not counted. "
        f"Ceiling {result.ceiling:.0f} GFLOP/s (3x3 convolutions, GFLOP/s: {chains}). "
        f"{origin_text(result.origin, result.setting.threads)}"
    )


def _model(setting: Setting) -> str:
    return f"`{setting.model}`, queue {setting.queue}, {setting.height}x{setting.width}, {setting.precision}"


def _clip(setting: Setting) -> str:
    return f"`{setting.clip}` ({setting.clip_width}x{setting.clip_height})"


def _scores(scores: AccuracyScores) -> list[str]:
    values = [scores.j_and_f]
    for measure in (scores.region, scores.boundary):
        values += [measure.mean, measure.recall, measure.decay]
    return [percent_score(value) for value in values]
