"""Records: the statistics of a measurement, and JSON that comes back as it was or is refused with its place."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from toy_results import LATENCY, MEMORY, QUEUE

from mobilevos_bench.formats import from_data, to_text
from mobilevos_bench.records import Spread, decode, encode, json_schema
from mobilevos_sdk.errors import InvalidInputError


def test_a_spread_has_numpys_percentiles():
    values = np.random.default_rng(0).gamma(2.0, size=37)
    spread = Spread.of(values.tolist())
    expected = np.percentile(values, [50, 5, 95])
    assert [spread.median, spread.p5, spread.p95] == pytest.approx(expected.tolist())
    assert spread.iqr == pytest.approx(np.subtract(*np.percentile(values, [75, 25])))
    assert spread.count == 37
    assert spread.runs == tuple(values.tolist())


def test_a_spread_of_one_value_and_of_none():
    assert Spread.of([4.0]) == Spread(4.0, 4.0, 4.0, 0.0, 1, (4.0,))
    with pytest.raises(InvalidInputError, match="nothing was measured"):
        Spread.of([])


@pytest.mark.parametrize("result", [LATENCY, MEMORY, QUEUE], ids=["latency", "memory", "queue"])
def test_a_result_comes_back_as_it_was(result):
    assert from_data(json.loads(to_text(result)), "file") == result


def test_numbers_are_rounded_to_five_digits():
    assert encode(Spread(1.23456789, 0.0, 1e6 / 3, 2e-7 / 3, 60)) == {
        "median": 1.2346,
        "p5": 0.0,
        "p95": 333330.0,
        "iqr": 6.6667e-08,
        "count": 60,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("warmup"), r"x\.json lacks field 'warmup'"),
        (lambda data: data.update(speed=1), r"x\.json has an unknown field 'speed'"),
        (lambda data: data["setting"].update(queue="2"), r"x\.json\.setting\.queue is of type str, not int"),
        (lambda data: data["setting"].update(queue=True), r"queue is of type bool, not int"),
        (lambda data: data["runtimes"][0]["stages"].update(model=3), r"runtimes\[0\]\.stages\.model is of type int"),
        (lambda data: data.update(runtimes={}), r"runtimes is of type dict, not list"),
        (lambda data: data["origin"]["versions"].update(numpy=2), r"versions\.numpy is of type int, not str"),
        (lambda data: data.update(format_version=2), r"format version 2, this release reads 1"),
        (lambda data: data.update(format="other"), r"of format 'other'; known are mobilevos-latency"),
    ],
)
def test_wrong_json_is_refused_with_its_place(change, message):
    data = json.loads(to_text(LATENCY))
    change(data)
    with pytest.raises(InvalidInputError, match=message):
        from_data(data, "x.json")


def test_what_may_be_missing_may_be_none():
    data = json.loads(to_text(LATENCY))
    data["runtimes"][0]["gflop"] = None
    result = from_data(data, "x.json")
    assert result.runtimes[0].gflop is None


def test_whole_numbers_are_numbers():
    assert decode(Spread, {"median": 2, "p5": 1, "p95": 3, "iqr": 1, "count": 3}).median == 2.0


def test_a_field_with_a_default_may_be_missing():
    """Files of before the field was there stay valid, and are written as they were."""
    data = json.loads(to_text(LATENCY))
    assert data["origin"]["commit"]["dirty"] is False
    del data["origin"]["commit"], data["origin"]["machine"]["flags"]
    older = from_data(data, "x.json")
    assert older.origin.commit is None and older.origin.machine.flags is None
    assert json.loads(to_text(older)) == data


def test_runs_stand_on_one_line():
    stages = replace(LATENCY.runtimes[0].stages, total=Spread.of([1.5, 1e-9, 3.0]))
    text = to_text(replace(LATENCY, runtimes=(replace(LATENCY.runtimes[0], stages=stages),)))
    assert '"runs": [1.5, 1e-09, 3.0]\n' in text
    assert from_data(json.loads(text), "x").runtimes[0].stages.total.runs == (1.5, 1e-9, 3.0)


def test_the_schema_asks_for_every_field_without_a_default():
    definitions: dict = {}
    assert json_schema(type(LATENCY), definitions) == {"$ref": "#/$defs/LatencyResult"}
    assert definitions["LatencyResult"]["required"][:2] == ["setting", "origin"]
    assert definitions["Origin"]["required"] == ["command", "date", "machine", "versions", "busy_cores"]
    assert definitions["Stages"]["additionalProperties"] is False
    assert definitions["Spread"]["properties"]["count"] == {"type": "integer"}
    assert definitions["RuntimeLatency"]["properties"]["gflop"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}


def test_two_records_of_one_name_are_not_mixed_up():
    definitions = {"Spread": {"type": "object"}}
    with pytest.raises(TypeError, match="two records are called Spread"):
        json_schema(Spread, definitions)
