"""Models of some graphs, as the Python SDK cuts them out of an artifact: their checksums, for the Java core."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.backends.tflite_graphs import TfliteGraphs


def write(folder: Path, artifact: Path) -> None:
    """Writes `cuts/index.json`.

    Args:
        folder: where `cuts/` is made.
        artifact: a .tflite artifact for two objects or more.
    """
    folder = folder / "cuts"
    folder.mkdir()
    names = [graph.name for graph in open_artifact(artifact).spec.graphs]
    cuts = [["segment_1"], ["start_2"], ["memorize_2", "segment_2"], ["segment_1", "memorize_1", "segment_2"], names]
    index = []
    for graphs in cuts:
        model = TfliteGraphs(open_artifact(artifact).content).cut(graphs)
        index.append({"artifact": str(artifact), "graphs": graphs, "sha256": hashlib.sha256(model).hexdigest()})
    (folder / "index.json").write_text(json.dumps(index, indent=1))
