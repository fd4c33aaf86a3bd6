"""PyTorch to one TFLite file with LiteRT's own converter: one signature for each graph, weights stored once."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable

from torch import Tensor, nn

from mobilevos_export import flatbuffer, quant_tflite
from mobilevos_export.conversion import quietly
from mobilevos_export.graphs import SourceModel, sample_inputs
from mobilevos_export.quant_policy import QUANTISED
from mobilevos_export.quant_prepare import expect_rounding
from mobilevos_sdk.artifact import CHECKSUM_NAME
from mobilevos_sdk.spec import SPEC_NAME, ArtifactSpec, GraphSpec

# Every member of the ZIP has this time, so that equal exports give equal files.
ZIP_TIME = (2026, 1, 1, 0, 0, 0)


def convert(source: SourceModel, report: Callable[[str], None]) -> bytes:
    """Converts all graphs of a model into one flatbuffer.

    Args:
        source: the model; its spec's precision says how the weights are stored.
        report: is told what is being done.

    Returns:
        The flatbuffer without its spec; see `package`.

    Raises:
        ConversionError: the converter or the quantiser failed.
        RuntimeMissingError: litert-torch or ai-edge-quantizer is not installed.
    """
    report("TFLite: loading litert-torch")
    with quietly("the TFLite export"):
        import litert_torch

        converter = litert_torch.Converter()
    source = expect_rounding(source, quant_tflite.LARGEST_WEIGHT)
    for graph, module in source.modules():
        named = dict(zip((tensor.name for tensor in graph.inputs), sample_inputs(graph), strict=True))
        converter.signature(graph.name, NamedInputs(module, graph).eval(), sample_kwargs=named)
    report(f"TFLite: converting {len(source.spec.graphs)} graphs, about 20 s each at full size")
    with quietly("the TFLite export"):
        content = bytes(converter.convert().model_content())
    if source.spec.precision in QUANTISED:
        return quant_tflite.quantise(content, source, report)
    with quietly("the TFLite export"):
        return store(content, source.spec.precision)


def store(content: bytes, precision: str) -> bytes:
    """Stores the weights of a flatbuffer in the wanted floating-point precision."""
    if precision == "fp32":
        return content
    model = flatbuffer.read(content)
    flatbuffer.halve_weights(model)
    return flatbuffer.write(model)


def package(content: bytes, spec: ArtifactSpec) -> bytes:
    """The bytes of an artifact: the flatbuffer, then a ZIP with the spec and the flatbuffer's checksum.

    A flatbuffer is read from its start and a ZIP from its end, so each reader sees its own half.
    """
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        members = {SPEC_NAME: spec.to_json(), CHECKSUM_NAME: hashlib.sha256(content).hexdigest()}
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), text)
    return file.getvalue()


class NamedInputs(nn.Module):
    """A graph that takes its inputs by name: the converter names a signature's inputs after keyword arguments."""

    def __init__(self, module: nn.Module, graph: GraphSpec) -> None:
        super().__init__()
        self.inner = module
        self.names = [tensor.name for tensor in graph.inputs]

    def forward(self, **tensors: Tensor) -> dict[str, Tensor]:
        """All outputs by name."""
        outputs: dict[str, Tensor] = self.inner(*(tensors[name] for name in self.names))
        return outputs
