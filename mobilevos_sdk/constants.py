"""What other languages need to know of this package, as JSON, so that no constant is written twice.

`python -m mobilevos_sdk.constants FILE` writes it; the Android core has it as a resource, the page in web/ as a module.
"""

from __future__ import annotations

import json
import sys

from mobilevos_sdk import draw, first_mask, masks, passes, processing, spec, view, visibility
from mobilevos_sdk.artifact import CHECKSUM_NAME, TFLITE_IDENTIFIER
from mobilevos_sdk.files import write_atomically


def as_json() -> str:
    """All constants, one a line, in ascending order of their names."""
    values = {
        "format": spec.FORMAT,
        "format_version": spec.FORMAT_VERSION,
        "spec_name": spec.SPEC_NAME,
        "checksum_name": CHECKSUM_NAME,
        "tflite_identifier": TFLITE_IDENTIFIER.decode("ascii"),
        "smallest_side": processing.SMALLEST_SIDE,
        "rotation_gain": processing.ROTATION_GAIN,
        "view_parts": view.PARTS,
        "view_margin": view.MARGIN,
        "view_zoom": view.ZOOM,
        "view_magnification": view.MAGNIFICATION,
        "view_widening": view.WIDENING,
        "view_narrowing": view.NARROWING,
        "view_forgetting": view.FORGETTING,
        "view_kept": view.KEPT,
        "view_edge": view.EDGE,
        "hidden_share": visibility.HIDDEN_SHARE,
        "area_fading": visibility.AREA_FADING,
        "max_object_id": masks.MAX_OBJECT_ID,
        "epsilon": float(passes.EPSILON),
        "fill_opacity": draw.FILL_OPACITY,
        "outline_rows": draw.OUTLINE_ROWS,
        "outline_width": draw.OUTLINE_WIDTH,
        "max_boxes": first_mask.MAX_BOXES,
        "least_side": first_mask.LEAST_SIDE,
        "surroundings": first_mask.SURROUNDINGS,
        "least_surroundings": first_mask.LEAST_SURROUNDINGS,
        "working_side": first_mask.WORKING_SIDE,
        "iterations": first_mask.ITERATIONS,
        "least_fill": first_mask.LEAST_FILL,
        "least_piece": first_mask.LEAST_PIECE,
        "ellipse_share": first_mask.ELLIPSE_SHARE,
    }
    return json.dumps(values, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m mobilevos_sdk.constants FILE.json")
    write_atomically(sys.argv[1], as_json().encode())
