"""Statistical confidentiality: which cells of linked tables are hidden, so that none of them comes back.

A cell is a sum of elementary quantities that are never published (`parts`); whoever reads the tables knows the cells
that are shown, that no quantity is negative, and which sums are equal. The attack asks, by linear programming, how
low and how high a hidden cell can be given all that. Suppression repeats the attack and hides one more cell, the
cheapest of those that hold the bound, until every hidden cell stays wide enough.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import ceil, floor, inf
from typing import Any

from cpsr_study.errors import DataError

SECRET = "S"  # status of an observation that is hidden; its value is absent everywhere
WIDTH = 4.0  # a hidden cell found to within ±2 is found
LOWEST = 3  # no parameter of the rule goes under this
_TINY = 1e-6

Parts = frozenset[str]


@dataclass(frozen=True)
class Rule:
    """The parameters of the suppression: fewest persons behind a cell, largest share (%) of hours of one body,
    and, for hours, the share (%) of its value within which a hidden cell may not be found."""

    persons: int = 5
    dominance: float = 85.0
    percent: float = 10.0

    def __post_init__(self) -> None:
        if self.persons < LOWEST:
            raise DataError(f"Le seuil de personnes ne descend pas sous {LOWEST} ({self.persons} demandé).")
        if not 0 < self.dominance <= 97:
            raise DataError("La part d'une seule entreprise ou d'un seul acheteur ne peut pas dépasser 97 %.")

    def is_sensitive(self, persons: int, largest_share: float) -> bool:
        """Whether a cell that rests on so many persons, one body of which holds `largest_share` % of hours, is hidden.

        Nobody at all is nothing to protect.
        """
        return 0 < persons < self.persons or largest_share > self.dominance


@dataclass(frozen=True)
class Cell:
    """A figure of a table. `parts`: the quantities it adds up; `whole`: it counts units, not hours."""

    name: tuple[str, ...]
    parts: Parts
    value: float
    sensitive: bool = False
    whole: bool = True

    def is_found(self, low: float, high: float, rule: Rule) -> bool:
        """Whether these bounds give the hidden value away: found to within ±2 or, for hours, on one side to within
        `rule.percent` % (whoever knows the others of a cell looks for an upper bound)."""
        margin = 0.0 if self.whole else rule.percent / 100 * self.value
        near = not self.whole and (high - self.value < margin - _TINY or self.value - low < margin - _TINY)
        return near or too_narrow(low, high, WIDTH, whole=self.whole)


@dataclass
class Tables:
    """Linked tables: their cells, pairs of sums that everybody knows to be equal, sums known from elsewhere, and ratios
    that are published (the first sum is so many times the second)."""

    cells: list[Cell]
    equal: list[tuple[Parts, Parts]] = field(default_factory=list)
    known: list[tuple[Parts, float]] = field(default_factory=list)
    ratios: list[tuple[Parts, Parts, float]] = field(default_factory=list)

    def linked(self) -> "list[Tables]":
        """These tables cut into groups that have no quantity in common: smaller problems, the same answers."""
        groups: list[set[str]] = []
        for parts in [
            *(cell.parts for cell in self.cells),
            *(a | b for a, b in self.equal),
            *(p for p, _ in self.known),
            *(a | b for a, b, _ in self.ratios),
        ]:
            touched = [group for group in groups if group & parts]
            merged = set(parts).union(*touched)
            groups = [group for group in groups if not group & parts] + [merged]
        return [
            Tables(
                [cell for cell in self.cells if cell.parts & group],
                [pair for pair in self.equal if (pair[0] | pair[1]) & group],
                [each for each in self.known if each[0] & group],
                [each for each in self.ratios if (each[0] | each[1]) & group],
            )
            for group in groups
        ]


class ContradictionError(DataError):
    """Sums that cannot all be true: nothing can be deduced from them together."""


class Attack:
    """What can be deduced from the cells shown: bounds of any sum of quantities."""

    def __init__(self, tables: Tables, hidden: Collection[tuple[str, ...]]):
        self.shown = [cell for cell in tables.cells if cell.name not in hidden]
        names: set[str] = set().union(
            *(cell.parts for cell in tables.cells),
            *(a | b for a, b in tables.equal),
            *(p for p, _ in tables.known),
            *(a | b for a, b, _ in tables.ratios),
        )
        self.index = {name: place for place, name in enumerate(sorted(names))}
        nothing = [0.0] * (len(tables.equal) + len(tables.ratios))
        self.right = [*(cell.value for cell in self.shown), *(value for _, value in tables.known), *nothing]
        self.rows: list[Mapping[str, float]] = [
            *(dict.fromkeys(cell.parts, 1.0) for cell in self.shown),
            *(dict.fromkeys(parts, 1.0) for parts, _ in tables.known),
            *({name: (name in a) - (name in b) for name in a ^ b} for a, b in tables.equal),
            *({name: (name in a) - factor * (name in b) for name in a | b} for a, b, factor in tables.ratios),
        ]
        self._matrix: Any = None

    def bounds(self, parts: Parts) -> tuple[float, float, set[int]]:
        """Lowest and highest value of the sum of `parts`, and the places of the shown cells that hold these bounds."""
        low, binding_low = self._solve(parts, 1)
        high, binding_high = self._solve(parts, -1)
        return low, high, binding_low | binding_high

    def _solve(self, parts: Parts, sign: int) -> tuple[float, set[int]]:
        import numpy as np
        from scipy.optimize import linprog

        target = np.zeros(len(self.index))
        target[[self.index[name] for name in parts]] = sign
        if not self.rows:
            return (0.0, set()) if sign > 0 else (inf, set())
        found = linprog(target, A_eq=self._sparse(), b_eq=self.right, bounds=(0, None), method="highs")
        if found.status == 3:  # unbounded
            return inf, set()
        if found.status != 0:
            raise ContradictionError("Les totaux publiés se contredisent : l'attaque n'a pas de solution.")
        holding = np.flatnonzero(np.abs(found.eqlin.marginals[: len(self.shown)]) > _TINY)
        return sign * float(found.fun), set(map(int, holding))

    def _sparse(self) -> Any:
        from scipy.sparse import csr_array

        if self._matrix is None:
            entries = [(i, self.index[name], value) for i, row in enumerate(self.rows) for name, value in row.items()]
            rows, columns, values = zip(*entries, strict=True)
            self._matrix = csr_array((values, (rows, columns)), shape=(len(self.rows), len(self.index)))
        return self._matrix


def too_narrow(low: float, high: float, width: float, *, whole: bool) -> bool:
    """Whether an interval gives the value away: not wider than `width`, between whole numbers for a count."""
    if whole and high < inf:
        low, high = ceil(low - _TINY), floor(high + _TINY)
    return high - low <= width + _TINY


def suppress(tables: Tables, rule: Rule, *, secondary: bool = True) -> set[tuple[str, ...]]:
    """Names of the cells to hide: the sensitive ones and, with `secondary`, those that would give them back."""
    hidden = {cell.name for cell in tables.cells if cell.sensitive}
    if secondary:
        for group in tables.linked():
            hidden |= _secondary(group, rule)
    return hidden


def _secondary(tables: Tables, rule: Rule) -> set[tuple[str, ...]]:
    """Hiding more only widens the intervals: a cell that was safe stays safe, and is not attacked again."""
    hidden = {cell.name: cell for cell in tables.cells if cell.sensitive}
    known = {parts for parts, _ in tables.known}  # hiding these would protect nothing
    waiting = list(hidden.values())
    while waiting:
        attack = Attack(tables, hidden)
        useful = [cell for cell in attack.shown if cell.parts not in known]
        while waiting:
            low, high, holding = attack.bounds(waiting[0].parts)
            if useful and waiting[0].is_found(low, high, rule):
                binding = [attack.shown[place] for place in holding if attack.shown[place].parts not in known]
                chosen = min(binding or useful, key=lambda each: (each.value <= 0, each.value, each.name))
                hidden[chosen.name] = chosen
                waiting.append(chosen)
                break  # attack again, with one cell less
            waiting.pop(0)  # safe, or known from elsewhere: nothing that is left can hide it
    return set(hidden)


def recovered(
    tables: Tables, hidden: set[tuple[str, ...]], width: float = WIDTH
) -> dict[tuple[str, ...], tuple[float, float]]:
    """The hidden cells that the others give away, with the interval found. Empty: all is well."""
    found = {}
    for group in tables.linked():
        secret = [cell for cell in group.cells if cell.name in hidden]
        if not secret:
            continue
        attack = Attack(group, hidden)
        for cell in secret:
            low, high, _ = attack.bounds(cell.parts)
            if too_narrow(low, high, width, whole=cell.whole):
                found[cell.name] = (low, high)
    return found
