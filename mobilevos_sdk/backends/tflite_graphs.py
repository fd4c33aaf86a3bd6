"""Leaves the graphs of a .tflite model out that are not going to be run.

LiteRT prepares every graph of a file as soon as one is run, and packs the weights of each for itself: with the twelve
graphs of a model that follows up to four objects that is 50 MB for nothing. A flatbuffer holds its graphs as a list of
offsets, so a shorter list hides the others, and nothing has to be moved. Field numbers are those of TFLite's schema.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from mobilevos_sdk.errors import ArtifactError

MODEL_SUBGRAPHS, MODEL_SIGNATURES = 2, 7
SIGNATURE_KEY, SIGNATURE_SUBGRAPH = 2, 4
WORD = struct.Struct("<I")
SIGNED = struct.Struct("<i")
SHORT = struct.Struct("<H")


class Graph(NamedTuple):
    """Where one graph is: the tables of its signature and its subgraph, and the number that links the one to the other.

    Attributes:
        signature: position of the signature's table.
        subgraph: position of the subgraph's table.
        number: position of the subgraph's number; none where it is 0, which a flatbuffer does not store.
    """

    signature: int
    subgraph: int
    number: int | None


class TfliteGraphs:
    """The graphs of one .tflite model, indexed once; `cut` makes a model of some of them.

    Args:
        content: a flatbuffer whose checksum is right: positions in it are trusted.

    Raises:
        ArtifactError: the model has no signatures.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        model = _word(content, 0)
        self._subgraphs = _vector(content, _field(content, model, MODEL_SUBGRAPHS))
        self._signatures = _vector(content, _field(content, model, MODEL_SIGNATURES))
        subgraphs = _tables(content, self._subgraphs)
        self._graphs = dict(_graph(content, table, subgraphs) for table in _tables(content, self._signatures))
        # A subgraph that is no signature is called by others, by a number that must not change.
        self._divisible = len(self._graphs) == len(subgraphs)

    def cut(self, names: Sequence[str], keep: bool = False) -> bytes:
        """A model of some graphs, of the same size as the whole.

        Args:
            names: the graphs. The first becomes the model's primary graph where that is possible.
            keep: whether the result lives as long as this object, which then needs no copy of its own: the positions of
                the hidden graphs are known, so one model can be made from another.

        Raises:
            ArtifactError: the file has no graph of one of the names.
        """
        missing = [name for name in names if name not in self._graphs]
        if missing:
            raise ArtifactError(f"the file has no graph '{missing[0]}'; export it again with vos-export")
        if not self._divisible:
            return self._content
        model = bytearray(self._content)
        # A graph without a stored number can only be number 0.
        graphs = sorted((self._graphs[name] for name in names), key=lambda graph: graph.number is not None)
        for number, graph in enumerate(graphs):
            if graph.number is not None:
                WORD.pack_into(model, graph.number, number)
        _shorten(model, self._subgraphs, [graph.subgraph for graph in graphs])
        _shorten(model, self._signatures, [graph.signature for graph in graphs])
        result = bytes(model)
        if keep:
            self._content = result
        return result


def _graph(content: bytes, signature: int, subgraphs: Sequence[int]) -> tuple[str, Graph]:
    """A signature's name and its graph."""
    text = _vector(content, _field(content, signature, SIGNATURE_KEY))
    name = content[text + WORD.size : text + WORD.size + _word(content, text)].decode()
    number = _field(content, signature, SIGNATURE_SUBGRAPH)
    return name, Graph(signature, subgraphs[_word(content, number) if number is not None else 0], number)


def _shorten(model: bytearray, vector: int, tables: Sequence[int]) -> None:
    """Makes a vector hold these tables, which are no more than it has had."""
    WORD.pack_into(model, vector, len(tables))
    for element, table in enumerate(tables, start=1):
        position = vector + WORD.size * element
        WORD.pack_into(model, position, table - position)


def _tables(content: bytes, vector: int) -> list[int]:
    first = vector + WORD.size
    elements = range(first, first + WORD.size * _word(content, vector), WORD.size)
    return [element + _word(content, element) for element in elements]


def _vector(content: bytes, field: int | None) -> int:
    """The position of a vector or a text, which begins with its length."""
    if field is None:
        raise ArtifactError("the model has no named graphs; export it again with vos-export")
    return field + _word(content, field)


def _field(content: bytes, table: int, number: int) -> int | None:
    """The position of a table's field; none where it has its default."""
    layout = table - int(SIGNED.unpack_from(content, table)[0])
    entry = 2 * SHORT.size + SHORT.size * number  # after the sizes of the layout and of the table
    known = entry < int(SHORT.unpack_from(content, layout)[0])
    offset = int(SHORT.unpack_from(content, layout + entry)[0]) if known else 0
    return table + offset if offset else None


def _word(content: bytes, position: int) -> int:
    return int(WORD.unpack_from(content, position)[0])
