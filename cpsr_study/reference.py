"""Tables of texts in `data/reference`: legal framework, typology of structures, networks, glossary..."""

from pathlib import Path

import pandas as pd

from cpsr_study.errors import DataError


def read(data_dir: Path, name: str) -> pd.DataFrame:
    """A reference table, all columns as text. DataError when it is absent or cannot be read."""
    path = data_dir / "reference" / f"{name}.csv"
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise DataError(f"Table de référence illisible : {name}.csv ({error}).") from None
