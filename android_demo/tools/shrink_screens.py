"""Makes the pictures of docs/ from what draw_screens.sh has drawn: half as large, in 200 colours.

Usage: python android_demo/tools/shrink_screens.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
SCREENS = ("bench", "camera-following", "camera-painting", "video-marking")
COLOURS = 200


def main(folder: Path) -> None:
    """Writes each picture."""
    for name in SCREENS:
        drawn = Image.open(folder / f"{name}.png").convert("RGB")
        half = drawn.resize((drawn.width // 2, drawn.height // 2), Image.Resampling.LANCZOS)
        half.quantize(COLOURS, kmeans=4).save(DOCS / f"{name}.png", optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
