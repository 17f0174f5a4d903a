"""Who calls whom, how patient they are and how long they speak. Pure: the same seed plans the same calls.

Callers' numbers come from the range that the Bundesnetzagentur keeps free for film and print (0171 39200xx) and from 02921 555.
"""

from dataclasses import dataclass
from random import Random

WITHHELD = 0.08  # share of callers without a number
TAKEN_BY_TEAM = 0.3  # share of calls that a simulated colleague takes, if one is free
MISDIALLED = 0.03  # share of calls to numbers that nobody knows
CONCERNS = (
    "Personalausweis beantragen",
    "Sperrmüll anmelden",
    "Führerschein umtauschen",
    "Wohngeldantrag",
    "Öffnungszeiten des Bürgerbüros",
    "Meldebescheinigung",
    "Hund anmelden",
    "Termin beim Standesamt",
    "Fahrzeug zulassen",
    "Grünabfall abgeben",
    "Elterngeld",
    "Fundsache abholen",
    "Parkausweis für Bewohner",
    "Bebauungsplan einsehen",
    "Straßenlaterne defekt",
)
OUTCOMES = ("answered",) * 7 + ("transferred",) * 2 + ("callback",)


@dataclass(frozen=True, slots=True)
class Town:
    """A municipality that is called: `prefix` (E.164, without extension), and how often in proportion to others."""

    name: str
    centre_id: int
    prefix: str
    weight: float


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One citizen's call. Times in seconds: how long they wait, how long they speak once somebody answers, and when the team would."""

    call_id: str
    town: str
    centre_id: int
    number: str  # the caller's, E.164; empty: withheld
    from_: str
    to: str
    patience: float
    talk: float
    answer_after: float | None  # None: left ringing for a person at a desk
    concern: str
    outcome: str


def plan(rng: Random, towns: list[Town], call_id: str) -> PlannedCall:
    """The next call. `towns` must not be empty."""
    town = rng.choices(towns, [t.weight for t in towns])[0]
    number = (
        ""
        if rng.random() < WITHHELD
        else rng.choice((f"+49171392{rng.randrange(100):04d}", f"+492921555{rng.randrange(10, 1000)}"))
    )
    called = f"{town.prefix}{rng.choice(('0', '0', '0', str(rng.randrange(1000, 3000))))}"
    lost = rng.random() < MISDIALLED
    return PlannedCall(
        call_id=call_id,
        town="unbekannt" if lost else town.name,
        centre_id=town.centre_id,
        number=number,
        from_=spelled(rng, number) if number else rng.choice(("anonymous", "anonymous", "Anonymous", "unknown")),
        to=spelled(rng, "+492922555100" if lost else called),
        patience=min(180.0, 12 + rng.lognormvariate(3.6, 0.6)),  # most hang up after 30 to 90 s
        talk=min(420.0, 20 + rng.lognormvariate(4.3, 0.6)),
        answer_after=rng.uniform(3, 14) if rng.random() < TAKEN_BY_TEAM else None,
        concern=rng.choice(CONCERNS),
        outcome=rng.choice(OUTCOMES),
    )


def spelled(rng: Random, e164: str) -> str:
    """A German number as one exchange or another writes it."""
    national = f"0{e164[3:]}"
    return rng.choice(
        (e164, e164[1:], f"00{e164[1:]}", national, f"{national[:5]} {national[5:]}", f"{national[:5]}/{national[5:]}")
    )
