"""Outlines of the départements for maps: loading and turning over, no drawing."""

import json
from functools import lru_cache
from pathlib import Path

from cpsr_study.errors import DataError

Ring = list[tuple[float, float]]

# Outlines are a drawing, not knowledge of a year: every edition uses them.
SOURCE = "svg-maps-france"
OUTLINES = Path("reference", SOURCE, "2.0.0", "departements.json")


def outlines(data_dir: Path) -> dict[str, list[Ring]]:
    """Polygons of the 96 départements of metropolitan France: INSEE code ("14", "2A") -> rings.

    Points are (x, y) in the frame of the SVG image (613 × 585), y pointing down; a ring does not repeat its
    first point. Overseas départements have no outline. DataError if the file is absent or broken.
    """
    path = Path(data_dir) / OUTLINES
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError, AttributeError):
        raise DataError(f"Les contours des départements ne se lisent pas : {OUTLINES.as_posix()}.") from None


@lru_cache(maxsize=2)
def _read(path: Path, _written: int) -> dict[str, list[Ring]]:
    shapes = json.loads(path.read_text(encoding="utf-8"))
    return {code: [[(float(x), float(y)) for x, y in ring] for ring in rings] for code, rings in shapes.items()}


def flip_y(shapes: dict[str, list[Ring]], height: float = 0.0) -> dict[str, list[Ring]]:
    """The same shapes with y pointing up, as charts expect: y becomes `height - y`."""
    return {code: [[(x, height - y) for x, y in ring] for ring in rings] for code, rings in shapes.items()}
