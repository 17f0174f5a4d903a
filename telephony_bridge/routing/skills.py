"""What an agent can do, what a caller needs, and how long the one waits for the other. Values only; pool.py brings them together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wants:
    """What a call needs. `municipality`: its slug, None where it is not known. `language`: ISO 639-1, None for no wish. Higher `priority` comes first."""

    municipality: str | None = None
    language: str | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Skills:
    """What an agent can do. No municipality means: trained for all. Whoever is in a lower `line` is asked first (0: the usual team, 1: who helps out)."""

    municipalities: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"de"})
    line: int = 0

    def suit(self, wants: Wants) -> bool:
        """Whether the agent can serve the call. Where the municipality is not known, everybody can ask for it."""
        trained = not self.municipalities or wants.municipality is None or wants.municipality in self.municipalities
        return trained and (wants.language is None or wants.language in self.languages)


ANYBODY = Skills()
ANYTHING = Wants()
SUITED_WITHIN = 10.0  # seconds that a call waits for somebody who suits, before it may go to anybody (docs/adr/0112)
