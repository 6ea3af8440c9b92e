"""Where the files of each source are on the internet: `data/reference/addresses.toml`, the only place that says it."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cpsr_study.errors import DataError, first_problem

FILE = "addresses.toml"


class RemoteFile(BaseModel):
    """One file, or one API read page after page.

    `url` may hold `{departement}`: one request a département, or `{filtre}`: what is asked of an API of contracts.
    `resume`: pages received the same day are not asked again. `next`, `items` and `total` are the dotted places of
    the next address, the rows and the announced count in a JSON page; `members` the files wanted from a zip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{2,80}$")
    url: str = Field(pattern=r"^https?://\S+$")
    format: Literal["csv", "json", "xlsx", "zip", "parquet"]
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    hosts: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    next: str = ""
    items: str = ""
    total: str = ""
    resume: bool = False
    pause: float = Field(default=0, ge=0, le=60)
    max_mo: float = Field(default=500, gt=0, le=2000)


class Source(BaseModel):
    """What is known of a source: what it gives, where by hand, newest vintage known, what was tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gives: str = Field(min_length=5)
    page: str = Field(pattern=r"^https://\S+$")
    by_hand: str = Field(min_length=3)
    newest: str
    tested: str = ""
    online: str = ""
    files: tuple[RemoteFile, ...] = ()


def read(data_dir: Path) -> dict[str, Source]:
    """The sources by name. DataError says which entry is wrong."""
    path = data_dir / "reference" / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise DataError(f"{FILE} ne se lit pas comme du TOML.") from None
    found = {}
    for name, fields in content.items():
        try:
            found[name] = Source.model_validate(fields)
        except ValidationError as error:
            raise DataError(f"{FILE}, {name} : {first_problem(error)}.") from None
    return found
