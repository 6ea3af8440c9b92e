"""What a reader makes of the files of one vintage: the observations, what was set aside, and who to thank."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Reading:
    """One vintage of one source, read whole.

    `published` is an ISO year-month when the file says it, else the first plausible year (`notes` says so).
    `short` is the name under a figure: « DREES 2019 ».
    `observations` has the columns of a typed document (`typed.COLUMNS`), all text: `value` is plain number text,
    `as_published` the cell as it stands in the file. `set_aside` has the columns where, what, reason (in French):
    rows read = rows kept + rows set aside.
    """

    source: str
    vintage: str
    title: str
    short: str
    producer: str
    reference_period: str
    published: str
    licence: str
    url: str
    citation: str
    notes: str
    observations: "pd.DataFrame"
    set_aside: "pd.DataFrame"
