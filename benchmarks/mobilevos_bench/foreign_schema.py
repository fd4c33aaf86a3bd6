"""The JSON Schema of the results files that other commands than `vos-bench` write.

`mobilevos_bench` reads only some of their fields; a schema names all of them. Fields that older files lack, those that
say which commit wrote a file among them, are not required.
"""

from __future__ import annotations

from typing import Any

from mobilevos_bench.records import json_schema
from mobilevos_bench.results import Machine
from mobilevos_sdk.machine import Commit

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
SCORE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
TEXTS: Schema = {"type": "array", "items": TEXT}
TEXT_BY_NAME: Schema = {"type": "object", "additionalProperties": TEXT}
ANYTHING_BY_NAME: Schema = {"type": "object"}


def accuracy(definitions: Schema) -> Schema:
    """What `vos-eval` writes; the subject is one model, an ensemble of some, or a folder of masks."""
    measure = _record({"mean": SCORE, "recall": SCORE, "decay": NUMBER})
    scores = {"J&F": SCORE, "J": measure, "F": measure}
    extras = {"passes": {"const": True}, "zoom": {"const": True}}
    model = _record(
        {
            "model": TEXT,
            "given_as": TEXT,
            "artifact_sha256": _or_null(TEXT),
            "weights": ANYTHING_BY_NAME,
            "queue": COUNT,
            "size": TEXT,
            "precision": TEXT,
            "runtime": TEXT,
        },
        extras,
    )
    ensemble = _record({"ensemble": _list(model), "flip": {"type": "boolean"}, "averaged": TEXT}, extras)
    sequence = _record(
        {"scored_frames": COUNT, "ms_per_frame": _or_null(NUMBER), **scores, "objects": _by_name(_record(scores))}
    )
    return _record(
        {
            "subject": {"anyOf": [model, ensemble, _record({"predictions": TEXT})]},
            "data": _record({"folder": TEXT, "annotations": TEXT, "left_out": TEXTS}, {"backwards": {"const": True}}),
            "protocol": ANYTHING_BY_NAME,
            "overall": _record({**scores, "sequences": COUNT, "objects": COUNT, "scored_frames": COUNT}),
            "sequences": _by_name(sequence),
            **_origin(definitions),
            "date": TEXT,
        },
        {**_commit(definitions), "threads": _or_null(COUNT)},
    )


def cost(definitions: Schema) -> Schema:
    """What `python -m mobilevos_models.cost` writes."""
    cell = _record(
        {
            "model": TEXT,
            "runtime": {"enum": ["torch", "onnx", "litert"]},
            "objects": COUNT,
            "parameters": _or_null(COUNT),
            "gflop": _or_null(NUMBER),
            "milliseconds": {**_list(NUMBER), "minItems": 1},
            "peak_mb": NUMBER,
            "date": TEXT,
            "busy_cores": _or_null(NUMBER),
        }
    )
    setting = _record({"height": COUNT, "width": COUNT, "queue": COUNT, "threads": COUNT})
    return _record({**_origin(definitions), "setting": setting, "cells": _list(cell)}, _commit(definitions))


def attention_cost(definitions: Schema) -> Schema:
    """What `python -m mobilevos_export.attention_cost` writes."""
    cell = _record(
        {
            "runtime": {"enum": ["onnx", "litert"]},
            "part": TEXT,
            "gflop": NUMBER,
            "milliseconds": {**_list(NUMBER), "minItems": 1},
            "excess": NUMBER,
        }
    )
    setting = _record(dict.fromkeys(("height", "width", "threads"), COUNT))
    content = {**_origin(definitions), "date": TEXT, "setting": setting, "cells": _list(cell)}
    return _record(content, _commit(definitions))


def gpu_check(definitions: Schema) -> Schema:
    """What `python -m mobilevos_export.gpu_check` writes."""
    artifact = _record(
        {**dict.fromkeys(("file", "sha256", "model", "precision"), TEXT), "queue": COUNT, "max_objects": COUNT}
        | {"size": {**_list(COUNT), "minItems": 2, "maxItems": 2}}
    )
    place = dict.fromkeys(("graph", "state", "tensor"), TEXT)
    tensor = _record({**place, **dict.fromkeys(("max_error", "mean_error", "scale"), NUMBER)})
    masks = _record({"frames": COUNT, "objects": COUNT, "mean": SCORE, "worst": SCORE})
    fault = _record(dict.fromkeys(("graph", "operator", "tensor", "shapes", "reason", "advice"), TEXT))
    run = _record(
        {
            "arithmetic": {"enum": ["fp32", "fp16"]},
            "driver": TEXT,
            "status": {"enum": ["passed", "failed", "skipped"]},
            "reasons": TEXTS,
            "adapter": _or_null(TEXT),
            "tensors": _list(tensor),
            "masks": _or_null(masks),
            "operators": _list(fault),
            "seconds": NUMBER,
            "worst_error": NUMBER,
        }
    )
    return _record(
        {
            **_origin(definitions),
            "date": TEXT,
            "artifact": artifact,
            "clip": TEXT,
            "limits": _record({"fp32_error": NUMBER, "agreement": SCORE}),
            "passed": {"type": "boolean"},
            "runs": _list(run),
        },
        _commit(definitions),
    )


def ablation(definitions: Schema) -> Schema:
    """What `python -m mobilevos_training.ablation` writes."""
    scores = {"J&F": SCORE, "J": SCORE, "F": SCORE}
    cell = _record(
        {
            "seed": COUNT,
            **scores,
            "sequences": _by_name(SCORE),
            "recipe_digest": TEXT,
            "date": TEXT,
            "machine": TEXT,
            "torch": TEXT,
            "precision": TEXT,
        },
        _made(definitions),
    )
    row = _record({"name": TEXT, "about": TEXT, **scores, "gain": NUMBER, "gains": _list(NUMBER), "cells": _list(cell)})
    return _record(
        {
            "model": TEXT,
            "budget": _by_name(COUNT),
            "teacher": _or_null(TEXT),
            "data": _record({"folder": TEXT, "size": TEXT}),
            "rows": _list(row),
        }
    )


def profile(definitions: Schema) -> Schema:
    """What `vos-train --profile` writes."""
    counts = dict.fromkeys(("crop", "frames", "batch", "workers", "threads"), COUNT)
    figures = ("clips_per_second", "waiting_share", "gflop", "ceiling", "ceiling_share")
    return _record(
        {
            "model": TEXT,
            "setting": _record({**counts, "precision": TEXT}),
            "machine": TEXT,
            "torch": TEXT,
            "date": TEXT,
            "steps": COUNT,
            "seconds": _by_name(NUMBER),
            **dict.fromkeys(figures, NUMBER),
        },
        _made(definitions),
    )


def _origin(definitions: Schema) -> Schema:
    return {"command": TEXT, "machine": json_schema(Machine, definitions), "versions": TEXT_BY_NAME}


def _commit(definitions: Schema) -> Schema:
    return {"commit": _or_null(json_schema(Commit, definitions))}


def _made(definitions: Schema) -> Schema:
    """What training says of its origin, beside the names that it has for machine and PyTorch."""
    return {"origin": _record({**_origin(definitions), "date": TEXT}, _commit(definitions))}


def _record(required: Schema, optional: Schema | None = None) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _by_name(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _or_null(kind: Schema) -> Schema:
    return {"anyOf": [kind, {"type": "null"}]}
