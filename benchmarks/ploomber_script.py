"""ploomber-engine: each chapter in this very process, without a kernel process and without isolation.

Arguments: the folder of notebooks, where to write, then the code of the territory.
"""

import sys
from pathlib import Path

from ploomber_engine import execute_notebook

if __name__ == "__main__":
    notebooks, output, territory = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    output.mkdir(parents=True, exist_ok=True)
    for path in sorted(notebooks.glob("0[0-8]_*.ipynb")):
        execute_notebook(
            str(path), str(output / path.name), parameters={"territory": territory}, progress_bar=False,
            cwd=str(Path.cwd()),
        )  # fmt: skip
