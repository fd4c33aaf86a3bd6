"""What LiteRT's benchmark tool prints: figures of both generations, and everything that is no figure."""

from __future__ import annotations

import json

import pytest
from phone_toys import CAPTURES, V1, V2

from mobilevos_bench.phone.adb import PhoneError
from mobilevos_bench.phone.profile import parse_profile
from mobilevos_bench.phone.tool import GraphRun, command_line
from mobilevos_bench.phone.tool_output import check_output, parse_output

ON_GPU = "INFO: Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate.\n"
PARTLY = (
    "INFO: Explicitly applied GPU delegate, and the model graph will be partially executed by the delegate"
    " w/ 2 delegate kernels.\n"
)
UNKNOWN_FLAG = "WARN: Unconsumed cmdline flags: --signature_to_run_for=segment_1\n"


def test_a_captured_output_of_v1():
    found = parse_output(V1)
    assert found.ms.mean == pytest.approx(0.0043234)
    assert (found.ms.minimum, found.ms.maximum, found.ms.std) == pytest.approx((0.002, 4.104, 0.075))
    assert found.ms.count == 180557  # that of the runs, not the 269897 of the warm-up
    assert (found.ms.median, found.ms.p5, found.ms.p95) == (None, None, None)
    assert (found.init_ms, found.first_ms) == pytest.approx((0.831, 0.341))
    assert found.peak_mb == pytest.approx(10.3086)


@pytest.mark.parametrize("prefix", ["", "11-20 10:00:00.123  4711  4712 I tflite  : "])
def test_a_line_may_begin_with_anything(prefix: str):
    lines = [line.replace("INFO: ", prefix) for line in V1.splitlines()]
    assert parse_output("\r\n".join(lines)) == parse_output(V1)


def test_a_newer_v1_has_percentiles():
    newer = V1.replace("avg=4.3234 std=75", "avg=4.3234 std=75 p5=2 median=3 p95=9")
    found = parse_output(newer)
    assert (found.ms.p5, found.ms.median, found.ms.p95) == pytest.approx((0.002, 0.003, 0.009))


def test_runs_that_all_take_the_same_time():
    lines = [line for line in V1.splitlines() if "count=180557" not in line and "Inference timings" not in line]
    same = "\n".join([*lines, "count=50 curr=3 (all same)"])
    summary = "Inference timings in us: Init: 831, First inference: 3, Warmup (avg): 3, Inference (avg): 3"
    found = parse_output(f"{same}\n{summary}\n")
    assert (found.ms.mean, found.ms.minimum, found.ms.maximum, found.ms.std, found.ms.count) == (
        0.003, 0.003, 0.003, 0.0, 50,
    )  # fmt: skip


def test_v2_has_its_digits_in_the_line_that_counts():
    found = parse_output(V2)
    assert found.ms.mean == pytest.approx(0.947132)
    assert (found.ms.p5, found.ms.median, found.ms.p95) == pytest.approx((0.915, 0.942, 0.991))
    assert (found.ms.count, found.peak_mb) == (1054, pytest.approx(35.2))
    assert (found.init_ms, found.first_ms) == pytest.approx((5.76, 2.12))


def test_v2_of_python_prints_what_its_json_holds():
    latency = json.loads((CAPTURES / "python-result.json").read_text())["latency"]
    names = ("avg", "min", "max", "median", "std", "p5", "p95")
    lines = [f"Inference ({name}):  {latency[f'{name}_ms']:.2f} ms" for name in names]
    lines[0] += f" ({latency['num_runs']} runs)"
    head = f"Model initialization:  {latency['init_ms']:.2f} ms\nWarmup (first):  {latency['warmup_first_ms']:.2f} ms\n"
    found = parse_output(head + "\n".join(lines))
    assert (found.init_ms, found.first_ms, found.ms.count) == (1.72, 0.09, 200)
    assert (found.ms.mean, found.ms.maximum, found.ms.p95) == (0.0, 0.04, 0.0)
    assert found.peak_mb is None


@pytest.mark.parametrize(
    "output",
    [
        "",
        "Killed",
        V1.replace("Inference timings in us", "Timings"),
        V1.replace("avg=4.3234", "avg=9.3234"),  # of another phase than the summary's
        V1.replace("Inference (avg): 4.3234", "Inference (avg): -nan"),
        "\n".join(line for line in V1.splitlines() if "count=" not in line),
        V2.replace("Inference (avg)", "Inference (mean)"),
        V2.replace("(1054 runs)", "").replace("count=", "runs="),
    ],
)
def test_no_figures(output: str):
    with pytest.raises(PhoneError, match="figures cannot be read"):
        parse_output(output)


def test_good_outputs_pass():
    check_output(V1, 0, "cpu", "v1")
    check_output(ON_GPU + V1, 0, "gpu", "v1")
    check_output(V2, 0, "gpu", "v2")  # it was told to fail where the GPU does not take all
    check_output("Replacing 64 out of 64 node(s) with delegate (LITERT_CL)\n" + V2, 0, "gpu", "v2")
    check_output("Replacing 3 out of 64 node(s) with delegate (X) of start_1\n" + ON_GPU + V1, 0, "gpu", "v1")


@pytest.mark.parametrize(
    ("output", "code", "delegate", "api", "message"),
    [
        (V1, 0, "gpu", "v1", "delegate was not applied"),
        (PARTLY + V1, 0, "gpu", "v1", "partially executed by the delegate w/ 2 delegate kernels"),
        (ON_GPU + UNKNOWN_FLAG + V1, 0, "gpu", "v1", "does not know --signature_to_run_for=segment_1"),
        (UNKNOWN_FLAG + V1, 0, "cpu", "v1", "take a newer build"),
        ("ERROR: Disallowed CPU fallback detected.\nERROR: Benchmarking failed.\n", 1, "gpu", "v1", "GPU alone"),
        ("Replacing 60 out of 64 node(s) with delegate (LITERT_CL)\n" + V2, 0, "gpu", "v2", "only 60 of 64 nodes"),
        ("Fully accelerated:     False\n" + V2, 0, "gpu", "v2", "Fully accelerated:     False"),
        ("ERROR: Failed to load model x\nERROR: Benchmarking failed.\n", 1, "cpu", "v1", r"\(Failed to load model x\)"),
        ("ERROR: Benchmarking failed.\n", 0, "cpu", "v1", "failed"),
        (V1 + "Segmentation fault\n", 139, "cpu", "v1", "exit code 139: Segmentation fault"),
    ],
)
def test_what_is_no_result(output: str, code: int, delegate: str, api: str, message: str):
    with pytest.raises(PhoneError, match=message):
        check_output(output, code, delegate, api)


def test_operators_of_the_csv_and_of_the_columns():
    (slowest, *others) = parse_profile((CAPTURES / "v1-profile.csv").read_text())
    assert (slowest.kind, slowest.count, slowest.ms) == ("CONCATENATION", 1, pytest.approx(0.00064))
    assert [operator.kind for operator in others] == ["CONV_2D", "LOGISTIC"]
    columns = "\t".join(["[node type]", "[first]", "[avg ms]", "[%]", "[cdf%]", "[mem KB]", "[times called]", "[Name]"])
    rows = [
        "\tCONV_2D\t1\t0.5\t5%\t5%\t0\t1\ta",
        "\tRELU\t1\t0.75\t5%\t5%\t0\t1\tb",
        "\tCONV_2D\t1\t0.25\t5%\t5%\t0\t2\tc",
    ]
    found = parse_profile("\n".join(["INFO: noise", "===== Run Order =====", f"\t{columns}", *rows, "", "more"]))
    assert [(one.kind, one.count, one.ms) for one in found] == [("CONV_2D", 2, 1.0), ("RELU", 1, 0.75)]


@pytest.mark.parametrize("text", ["", "===== Run Order =====\n", "===== Run Order =====\na, b\n", "prose"])
def test_no_operators(text: str):
    with pytest.raises(PhoneError, match="table of operators"):
        parse_profile(text)


def test_the_gpu_alone_is_asked_for():
    run = GraphRun("segment_1", "gpu", 4, 100)
    v1, v2 = (command_line("./tool", "a b.tflite", run, api) for api in ("v1", "v2"))
    for line in (v1, v2):
        assert line.startswith("./tool '--graph=a b.tflite' --signature_to_run_for=segment_1")
        assert "--use_gpu=true" in line and "--require_full_delegation=true" in line and "--num_runs=100" in line
    assert "--use_cpu=false" in v2 and "--use_xnnpack=false" in v1
    assert "gpu" not in command_line("t", "m", GraphRun("segment_1", "cpu", 4, 100), "v1")
    assert "op_profiling_output_file=p.csv" in command_line("t", "m", run, "v1", "p.csv")
    assert "--use_profiler=true" in command_line("t", "m", run, "v2", "p.csv")
