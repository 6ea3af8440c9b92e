"""The areas that a study looks at: those around its territory, in it, and of its level."""

from functools import cached_property
from typing import Any

from cpsr_study.display import maps
from cpsr_study.knowledge import Knowledge


class Surroundings(Knowledge):
    """Codes of areas, and the words that name them together."""

    @cached_property
    def around(self) -> list[str]:
        """Codes of the départements to show: those of the territory, or of its region when it is smaller."""
        return self._members[self._region] if self._region and len(self.departements) < 2 else self.departements

    @property
    def around_label(self) -> str:
        """« en Normandie »: where those départements are."""
        return self.territories.get(self._region).en if self._region and len(self.departements) < 2 else self.en

    @cached_property
    def within(self) -> list[str]:
        """Codes of the EPCI of a département, of the communes of an EPCI; none for the other levels."""
        below = {"DEP": "EPCI", "EPCI": "COM"}.get(self.territory.level, "")
        return [area.code for area in self.territories.children(self.territory.code, below)] if below else []

    @property
    def within_label(self) -> str:
        """« EPCI » or « communes »: what `within` holds."""
        return "EPCI" if self.territory.level == "DEP" else "communes"

    @cached_property
    def map_view(self) -> dict[str, Any]:
        """How a map is drawn: outlines, the départements to outline, where to look (None: the whole country)."""
        outlines = maps.outlines(self.data_dir)
        drawn = {code.removeprefix("DEP-") for code in self.around} & set(outlines)
        zoom = {f"DEP-{code}" for code in drawn} if 0 < len(drawn) < len(outlines) else None
        return {"outlines": outlines, "highlight": set(self.departements), "zoom": zoom}

    @property
    def peers_label(self) -> str:
        """« régions », « départements »: the areas of the same level."""
        return {"REG": "régions", "DEP": "départements", "EPCI": "EPCI", "COM": "communes"}.get(
            self.territory.level, "France"
        )

    def peers(self) -> list[str]:
        """Codes of the areas of the same level as the territory."""
        return [area.code for area in self.territories.all(self.territory.level)]

    @cached_property
    def neighbours(self) -> list[str]:
        """Codes of the areas of the same level and region; for a region, all; overseas, all those overseas."""
        if self.territory.level not in ("DEP", "EPCI", "COM"):
            return self.peers()
        near = [code for code in self.peers() if self.territories.is_within(code, self._region)]
        overseas = [code for code in self.peers() if not self.territories.is_within(code, "FRMET")]
        return near if len(near) > 1 else overseas

    @cached_property
    def _region(self) -> str:
        """Code of the region that the territory lies in; empty for a wider one."""
        return next((code for code in self.territories.ancestors(self.territory.code) if code.startswith("REG")), "")
