"""`rufverbund telephony simulate`: how long callers wait, before anybody has to."""

import json
import math
from dataclasses import asdict
from typing import Any

import click
from django.utils.translation import gettext as _

from telephony_bridge.routing.simulation.figures import Figures, by_municipality, kept, occupancy, ratio
from telephony_bridge.routing.simulation.run import Run
from telephony_bridge.routing.simulation.scenario import Scenario
from tenants.errors import Refusal

COLUMNS = "{:<20} {:>8} {:>10} {:>10} {:>8} {:>8} {:>8} {:>8} {:>9}"
MOST_CALLS = 1_000_000  # about a minute


def _named(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """`soest=40 werl=7,5`: a number for each municipality."""
    return dict(_one(value) for value in values)


def _one(value: str) -> tuple[str, float]:
    name, _equals, number = value.partition("=")
    try:
        found = float(number.replace(",", "."))
    except ValueError:
        found = math.nan
    if not name or not 0 <= found < math.inf:
        raise click.BadParameter(_("„%(value)s“ hat nicht die Form kommune=zahl.") % {"value": value})
    return name, found


NAMED: dict[str, Any] = {"multiple": True, "callback": _named, "metavar": "KOMMUNE=ZAHL"}


@click.command()
@click.option(
    "--load",
    "loads",
    **NAMED,
    default=["gross=100", "klein=10"],
    show_default="gross=100 klein=10",
    help="Anrufe je Stunde; für jede Kommune einmal.",
)
@click.option(
    "--centre", metavar="SLUG", help="Statt --load: Anrufe je Stunde aus den letzten vier Wochen dieses Servicecenters."
)
@click.option("--agents", type=click.IntRange(1, 500), default=7, show_default=True, help="Mitarbeitende.")
@click.option("--trained", **NAMED, help="So viele von ihnen sind für die Kommune geschult (sonst alle).")
@click.option("--priority", **NAMED, help="Vorrang der Anrufe einer Kommune (sonst 0).")
@click.option(
    "--talk", type=click.FloatRange(1), default=180, show_default=True, help="Gesprächsdauer in Sekunden, Mittelwert."
)
@click.option(
    "--wrap-up",
    type=click.FloatRange(0),
    default=30,
    show_default=True,
    help="Nachbearbeitung in Sekunden, Mittelwert.",
)
@click.option(
    "--patience",
    type=click.FloatRange(0),
    default=300,
    show_default=True,
    help="Nach so vielen Sekunden legen Wartende im Mittel auf; 0: nie.",
)
@click.option("--hours", type=click.FloatRange(2), default=500, show_default=True, help="Simulierte Stunden.")
@click.option("--seed", type=int, default=1, show_default=True, help="Dieselbe Zahl ergibt dieselben Anrufe.")
@click.option("--json", "as_json", is_flag=True, help="Als JSON ausgeben.")
def simulate(
    loads: dict[str, float],
    centre: str | None,
    agents: int,
    trained: dict[str, float],
    priority: dict[str, float],
    talk: float,
    wrap_up: float,
    patience: float,
    hours: float,
    seed: int,
    as_json: bool,
) -> None:
    """Ausrechnen, wie lange Anrufende warten: mit der Verteilung, die auch der Betrieb benutzt."""
    skilled = {name: int(number) for name, number in trained.items()}
    first = {name: int(number) for name, number in priority.items()}
    scenario = Scenario(
        _recorded(centre) if centre else loads,
        agents,
        talk,
        wrap_up,
        patience or None,
        skilled,
        first,
        hours,
        seed=seed,
    )
    _check(scenario)
    run = Run(scenario)()
    click.echo(json.dumps(_values(run), ensure_ascii=False) if as_json else "\n".join(_lines(run)))


def _recorded(centre: str) -> dict[str, float]:
    from telephony_bridge.routing.simulation.recorded import loads  # the only part that needs a database

    return loads(centre)


def _check(scenario: Scenario) -> None:
    """Refuse what would not end, or means nothing."""
    if min(scenario.loads.values()) == 0:
        raise Refusal(_("Eine Kommune ohne Anrufe wartet nicht. Geben Sie mehr als 0 an (--load)."))
    unknown = sorted({*scenario.trained, *scenario.priorities} - {*scenario.loads})
    if unknown:
        raise Refusal(_("Für „%(name)s“ sind keine Anrufe angegeben oder gezählt.") % {"name": unknown[0]})
    if scenario.patience is None and scenario.load >= scenario.agents:
        raise Refusal(
            _("Wenn niemand auflegt, wird die Warteschlange immer länger: %(agents)s Mitarbeitende genügen nicht.")
            % {"agents": scenario.agents}
        )
    if sum(scenario.loads.values()) * scenario.hours > MOST_CALLS:
        raise Refusal(_("Das sind zu viele Anrufe. Simulieren Sie weniger Stunden (--hours)."))


def _values(run: Run) -> dict[str, object]:
    figures = by_municipality(run)
    mean, least, most = occupancy(run)
    scenario = run.scenario
    return {
        "scenario": {**asdict(scenario), "erlang": round(scenario.load, 3)},
        "municipalities": {
            name: {"abandoned": one.abandoned, **{key: round(value, 4) for key, value in asdict(one).items()}}
            for name, one in figures.items()
        },
        "wait_ratio": ratio(one.mean for one in figures.values()),
        "occupancy": {"mean": round(mean, 4), "least": round(least, 4), "most": round(most, 4)},
        "announcement_kept": kept(run.served),
    }


def _lines(run: Run) -> list[str]:
    figures = by_municipality(run)
    heads = [_("Kommune"), _("Anrufe"), _("angenommen"), _("aufgelegt"), _("Ø s"), _("50 % s"), _("95 % s")]
    heads += [_("in 20 s"), _("geschult")]
    rows = [COLUMNS.format(name[:20], *_row(one)) for name, one in figures.items()]
    return [COLUMNS.format(*heads), *rows, "", *_remarks(run, ratio(one.mean for one in figures.values()))]


def _row(one: Figures) -> list[str]:
    counts = [str(count) for count in (one.calls, one.answered, one.abandoned)]
    waits = [_number(wait) for wait in (one.mean, one.p50, one.p95)]
    return [*counts, *waits, _share(one.in_time), _share(one.suited)]


def _remarks(run: Run, waits: float | None) -> list[str]:
    mean, least, most = occupancy(run)
    lines = [
        _("Wartezeit: von allen, bis jemand annahm oder sie auflegten. In 20 s: angenommen, Anteil aller Anrufe; Ziel 80 %."),
        _("Auslastung der Mitarbeitenden: %(mean)s (von %(least)s bis %(most)s).")
        % {"mean": _share(mean), "least": _share(least), "most": _share(most)},
    ]  # fmt: skip
    if waits is not None and len(run.scenario.loads) > 1:
        lines.insert(0, _("Längste durch kürzeste mittlere Wartezeit: %(ratio)s.") % {"ratio": _number(waits, 2)})
    if (share := kept(run.served)) is not None:
        lines.append(_("Angesagte Wartezeit eingehalten: %(share)s.") % {"share": _share(share)})
    return lines


def _number(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def _share(value: float) -> str:
    return f"{_number(value * 100)} %"
