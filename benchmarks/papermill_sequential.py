"""papermill as it is: each chapter by its ordinary kernel, one after the other in one process, or in a pool.

Arguments: the folder of notebooks, where to write, the number of processes, then the codes of the territories.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path


def one(source: Path, target: Path, territory: str) -> None:
    """Execute one chapter."""
    import papermill

    target.parent.mkdir(parents=True, exist_ok=True)
    papermill.execute_notebook(
        str(source), str(target), parameters={"territory": territory}, kernel_name="python3", progress_bar=False
    )


def main(notebooks: Path, output: Path, workers: int, territories: list[str]) -> None:
    """Execute them all."""
    chapters = sorted(notebooks.glob("0[0-8]_*.ipynb"))
    tasks = [(path, output / code / path.name, code) for code in territories for path in chapters]
    if workers == 1:
        for task in tasks:
            one(*task)
        return
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(one, *zip(*tasks, strict=True)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
