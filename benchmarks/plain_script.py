"""The plain script that the others are measured against: the code cells of every chapter, run one after the other.

One process, one core, no notebook, no report: the same computations, the same drawings as SVG, nothing else.
Arguments: the folder of notebooks, then the codes of the territories.
"""

import json
import os
import sys
from pathlib import Path

os.environ["MPLBACKEND"] = "agg"

from IPython.core import display_functions
from IPython.core.interactiveshell import InteractiveShell


def main(notebooks: Path, territories: list[str]) -> None:
    """Run the cells; what they display is made and thrown away."""
    InteractiveShell.instance()  # displays ask for one
    display_functions.publish_display_data = lambda *given, **options: None
    chapters = [
        [
            "".join(cell["source"])
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"
        ]
        for path in sorted(notebooks.glob("0[0-8]_*.ipynb"))
    ]
    for territory in territories:
        for first, *cells in chapters:
            names: dict[str, object] = {}
            exec(first, names)
            names["territory"] = territory
            for cell in cells:
                exec(cell, names)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
