"""The plain script that the others are measured against: the code cells of every chapter, run one after the other.

No notebook, no report: the same computations, the same drawings as SVG, nothing else. One process, or several that
share the territories out. Arguments: the folder of notebooks, the number of processes, the codes of the territories.
"""

import json
import multiprocessing
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
    folder, count, codes = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    others = [multiprocessing.Process(target=main, args=(folder, codes[rank::count])) for rank in range(1, count)]
    for each in others:
        each.start()
    main(folder, codes[::count])
    for each in others:
        each.join()
    sys.exit(any(each.exitcode for each in others))
