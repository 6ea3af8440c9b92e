"""A file written whole or not at all: several processes may write or read the same one."""

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write the text under another name, then rename; nothing stays when it cannot be done (OSError)."""
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
