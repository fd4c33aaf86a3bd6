"""Measures the graphs of an artifact on a device, one after the other, and leaves nothing behind."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobilevos_bench.phone.adb import DEVICE_FOLDER, Adb, PhoneError
from mobilevos_bench.phone.device import read_device, read_warmth
from mobilevos_bench.phone.profile import OperatorTime, parse_profile
from mobilevos_bench.phone.results import GraphLatency, PhoneResult, PhoneSetting, Tool
from mobilevos_bench.phone.tool import MOST_SECONDS, GraphRun, command_line, find_api, is_url
from mobilevos_bench.phone.tool_output import CPU, GPU, INTERPRETER, check_output, parse_output
from mobilevos_bench.provenance import file_sha256
from mobilevos_bench.results import ArtifactFile, Origin
from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.errors import InvalidInputError, MobileVOSError
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec

RUNTIME = "litert"
# Graphs that run once a video, and not once a frame.
NOT_A_FRAME = ("start",)
# Beside the runs: warm-up, loading, and compiling kernels for a GPU, which takes some phones a minute.
_EXTRA_SECONDS = 300.0


@dataclass(frozen=True)
class PhoneOptions:
    """How to measure.

    Attributes:
        objects: how many objects the graphs are for.
        threads: of the CPU.
        runs: of each graph.
        gpu: whether to measure on the GPU, too.
        profile: folder for the tables of operators; none makes no profile.
        folder: where files go on the device.
        libraries: files that the tool loads, such as the GPU accelerator of v2.
        keep: whether the files stay on the device.
    """

    objects: int = 1
    threads: int = 4
    runs: int = 100
    gpu: bool = False
    profile: Path | None = None
    folder: str = DEVICE_FOLDER
    libraries: tuple[Path, ...] = ()
    keep: bool = False

    @property
    def delegates(self) -> tuple[str, ...]:
        """What each graph runs on."""
        return (CPU, GPU) if self.gpu else (CPU,)


@dataclass(frozen=True)
class PhoneModel:
    """An artifact and those of its graphs that a frame takes.

    Attributes:
        path: its .tflite file.
        spec: what its graphs are.
        graphs: the smallest graph of each role that takes the number of objects.
    """

    path: Path
    spec: ArtifactSpec
    graphs: tuple[GraphSpec, ...]

    @classmethod
    def open(cls, path: Path, objects: int) -> PhoneModel:
        """Opens an artifact.

        Raises:
            MobileVOSError: it is no whole .tflite artifact, or has no graphs for so many objects.
        """
        artifact = open_artifact(path)
        if artifact.kind != "tflite":
            raise InvalidInputError(f"{path} is no .tflite; make one with 'vos-export --to tflite'")
        roles = dict.fromkeys(graph.role for graph in artifact.spec.graphs if graph.role not in NOT_A_FRAME)
        return cls(path, artifact.spec, tuple(artifact.spec.graph(role, objects) for role in roles))


@dataclass(frozen=True)
class ToolFile:
    """The benchmark tool's file on this machine, and the file or URL that the user named."""

    path: Path
    source: str

    @property
    def name(self) -> str:
        """How a result names it: by its URL, or by the name of its file alone."""
        return self.source if is_url(self.source) else self.path.name


def measure_phone(
    phone: Adb, model: PhoneModel, tool: ToolFile, options: PhoneOptions, origin: Origin, on_graph: Callable[[], None]
) -> PhoneResult:
    """Measures all graphs, on the CPU first.

    Args:
        phone: the device.
        model: what to run.
        tool: what measures.
        options: how.
        origin: how the result is made.
        on_graph: called after each graph on each delegate.

    Returns:
        What was measured. If something went wrong half-way, the result has the graphs before that and says what it was.

    Raises:
        PhoneError: something went wrong before the first graph was measured.
    """
    device = read_device(phone)
    folder = phone.make_folder(options.folder)
    graphs: list[GraphLatency] = []
    failure = None
    try:
        bench = _Bench.install(phone, folder, model, tool, options)
        for delegate in options.delegates:
            for graph in model.graphs:
                graphs.append(_named(bench, graph, delegate))
                on_graph()
    except MobileVOSError as error:
        failure = str(error)
    finally:
        left = not options.keep and not phone.remove_folder(folder)
    if left:
        failure = f"{failure or 'all was measured'}; {folder} on the phone could not be deleted, delete it by hand"
    if not graphs:
        raise PhoneError(failure)
    return PhoneResult(
        setting=_setting(model.spec, options),
        origin=origin,
        device=device,
        tool=Tool(tool.name, file_sha256(tool.path), bench.api),
        artifact=ArtifactFile(RUNTIME, model.path.name, model.path.stat().st_size, file_sha256(model.path)),
        graphs=tuple(graphs),
        failure=failure,
    )


def _named(bench: _Bench, graph: GraphSpec, delegate: str) -> GraphLatency:
    try:
        return bench.measure(graph, delegate)
    except PhoneError as error:
        raise PhoneError(f"{graph.name} on {delegate}: {error}") from error


@dataclass(frozen=True)
class _Bench:
    """Tool and artifact in their folder on the device."""

    phone: Adb
    folder: str
    tool: str
    model: str
    api: str
    options: PhoneOptions

    @classmethod
    def install(cls, phone: Adb, folder: str, model: PhoneModel, tool: ToolFile, options: PhoneOptions) -> _Bench:
        """Copies everything to the device and makes sure that the tool runs there."""
        files = {"benchmark_model": tool.path, "model.tflite": model.path}
        for name, path in {**files, **{path.name: path for path in options.libraries}}.items():
            phone.push(path, f"{folder}/{name}")
        quoted = shlex.quote(f"{folder}/benchmark_model")
        phone.shell(f"chmod 755 {quoted}")
        call = f"LD_LIBRARY_PATH={shlex.quote(folder)} {quoted}" if options.libraries else quoted
        return cls(phone, folder, call, f"{folder}/model.tflite", find_api(phone, call), options)

    def measure(self, graph: GraphSpec, delegate: str) -> GraphLatency:
        """Runs one graph, and once more for its profile, which slows it down."""
        before = read_warmth(self.phone)
        measured = parse_output(self._run(graph.name, delegate))
        return GraphLatency(
            graph=graph.name,
            role=graph.role,
            delegate=delegate,
            ms=measured.ms,
            init_ms=measured.init_ms,
            first_ms=measured.first_ms,
            peak_mb=measured.peak_mb,
            before=before,
            after=read_warmth(self.phone),
            operators=self._profile(graph.name, delegate, self.options.profile) if self.options.profile else None,
        )

    def _profile(self, graph: str, delegate: str, folder: Path) -> tuple[OperatorTime, ...]:
        remote = f"{self.folder}/profile.csv"
        text, suffix = self._run(graph, delegate, remote), "txt"
        if self.api == INTERPRETER:
            text, suffix = self.phone.read(remote), "csv"
        operators = parse_profile(text)
        write_atomically(folder / f"{graph}-{delegate}.{suffix}", text)
        return operators

    def _run(self, graph: str, delegate: str, profile: str | None = None) -> str:
        run = GraphRun(graph, delegate, self.options.threads, self.options.runs)
        command = command_line(self.tool, self.model, run, self.api, profile)
        done = self.phone.shell(command, MOST_SECONDS + _EXTRA_SECONDS)
        check_output(done.output, done.code, delegate, self.api)
        return done.output


def _setting(spec: ArtifactSpec, options: PhoneOptions) -> PhoneSetting:
    parameters = spec.weights.get("parameters")
    return PhoneSetting(
        model=spec.model,
        queue=spec.queue,
        height=spec.height,
        width=spec.width,
        precision=spec.precision,
        parameters=parameters if isinstance(parameters, int) else None,
        objects=options.objects,
        threads=options.threads,
        runs=options.runs,
    )
