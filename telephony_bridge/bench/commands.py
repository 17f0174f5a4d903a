"""The commands: prepare, measure, print."""

import json
import random
import signal
import time
from collections.abc import Sequence
from typing import Any

import click

from telephony_bridge.bench import load, page, ringing, stage, streams
from telephony_bridge.bench.load import Sent, spread_of
from telephony_bridge.bench.parts import AGENTS, DESKS, PARTS, Asked
from tenants.errors import Refusal

CARD_P95, WEBHOOK_P95 = 150.0, 25.0  # milliseconds that must hold
SETTLE = 1.0  # seconds until page and streams are quiet
SEED = 3


SOURCES = click.option(
    "--source",
    type=click.Choice(["webhook", "asterisk"]),
    default="webhook",
    show_default=True,
    help="Woher die Anrufe kommen; asterisk: mit eigener Telefonanlage und Brücke.",
)


@click.command()
@click.option(
    "--agents",
    type=click.IntRange(1, 1000),
    default=200,
    show_default=True,
    help="Offene Arbeitsplätze neben dem im Browser.",
)
@click.option("--calls", "count", type=click.IntRange(1, 5000), default=300, show_default=True, help="Anrufe.")
@SOURCES
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def pop(agents: int, count: int, *, source: str, as_json: bool) -> None:
    """Vom Anruf (beim Webhook oder an der Telefonanlage) bis zur Karte im Browser, bei vielen offenen Arbeitsplätzen.

    Richtet sich dafür eine eigene, vorübergehende Installation ein.
    """
    _end_when_told()
    click.echo("Die Messung richtet sich ein …", err=True)
    with (
        stage.running(agents + 1) as place,
        page.desk(place, place.sessions[0]) as desk,
        streams.listening(place, place.sessions[1:]) as others,
    ):
        time.sleep(SETTLE)
        click.echo(f"{agents} Arbeitsplätze hören zu; {count} Anrufe …", err=True)
        ring = _ring_one_by_one if source == "webhook" else ringing.ring_one_by_one
        sent = ring(place, desk, count)
        time.sleep(SETTLE)
        result = _pop_result(sent, desk.seen(), [one.calls() for one in others])
    told = {"bench": "pop", "source": source, "agents": agents, "calls": count, **result, "machine": load.machine()}
    _print(told, as_json=as_json)
    if result["missed"]["cards"] or result["missed"]["events"]:
        raise Refusal("Nicht jeder Anruf kam überall an; siehe „missed“.")


def _end_when_told() -> None:
    """SIGTERM ends what was started, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _ring_one_by_one(place: stage.Stage, desk: page.DeskPage, count: int) -> list[Sent]:
    """The desk shows one ringing call at a time, so the next one comes when the last has been seen and is gone."""
    sent: list[Sent] = []
    rng = random.Random(SEED)  # noqa: S311  no secret
    for number in range(count):
        call_id = f"pop-{number}"
        sent.append(load.ring(place.webhook, call_id, stage.NUMBERS[number % len(stage.NUMBERS)]))
        desk.saw(number + 1)
        time.sleep(rng.uniform(0.05, 0.15))
        sent.append(load.hang_up(place.webhook, call_id))
        time.sleep(rng.uniform(0.1, 0.25))
    return sent


def _pop_result(sent: Sequence[Sent], seen: dict[str, float], heard: list[dict[str, float]]) -> dict[str, Any]:
    """Figures in milliseconds from the moment at which a call was posted, or its INVITE sent (that has no status). Ids come in the order of the calls."""
    began = [one.at for one in sent if one.event == "newCall"]
    ids = max((list(one) for one in heard), key=len, default=[])
    cards = [(seen[call] - at) * 1000 for call, at in zip(ids, began, strict=False) if call in seen]
    arrivals = [
        [(desk[call] - at) * 1000 for desk in heard if call in desk] for call, at in zip(ids, began, strict=False)
    ]
    webhook = {"webhook": spread_of(posts)} if (posts := [one.took_ms for one in sent if one.status]) else {}
    card = spread_of(cards)
    limits = {"card_p95_ms": CARD_P95} | ({"webhook_p95_ms": WEBHOOK_P95} if webhook else {})
    in_time = all(one["p95_ms"] <= WEBHOOK_P95 for one in webhook.values())
    return {
        "card": card,
        "streams": spread_of(ms for call in arrivals for ms in call),
        "last_stream": spread_of(max(call) for call in arrivals if call),
        **webhook,
        "missed": {
            "cards": len(began) - len(cards),
            "events": len(began) * len(heard) - sum(len(call) for call in arrivals),
        },
        "must_hold": limits,
        "holds": card.get("p95_ms", CARD_P95 + 1) <= CARD_P95 and in_time,
    }


@click.command()
@click.option(
    "--per-second", type=click.FloatRange(0.1, 200), default=10.0, show_default=True, help="Anrufe in der Sekunde."
)
@click.option("--calls", "count", type=click.IntRange(1, 50_000), default=500, show_default=True, help="Anrufe.")
@SOURCES
@click.option(
    "--part",
    "chosen",
    type=click.Choice(list(PARTS)),
    multiple=True,
    help="Nur das, mit --source asterisk; mehrfach erlaubt.",
)
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def calls(per_second: float, count: int, *, source: str, chosen: tuple[str, ...], as_json: bool) -> None:
    """Der Webhook unter Last: wie lange eine Meldung dauert. Mit --source asterisk: eine Telefonanlage und ihre Brücke unter Last.

    Richtet sich dafür eine eigene, vorübergehende Installation ein.
    """
    _end_when_told()
    if source == "webhook" and chosen:
        raise click.UsageError("--part gibt es nur mit --source asterisk.")
    if source == "webhook":
        _webhook(per_second, count, as_json=as_json)
    else:
        _exchange(Asked(count, per_second), chosen or tuple(PARTS), as_json=as_json)


def _exchange(asked: Asked, chosen: tuple[str, ...], *, as_json: bool) -> None:
    """Each part with an exchange of its own, all in one installation, whose desks hear what happens."""
    click.echo("Die Messung richtet sich ein …", err=True)
    results: dict[str, Any] = {}
    with stage.running(AGENTS) as place, streams.listening(place, place.sessions[:DESKS]):
        for name in chosen:
            click.echo(f"{name} …", err=True)
            results[name] = PARTS[name](place, asked)
    whole = {"bench": "calls", "source": "asterisk", "calls": asked.calls, "parts": results}
    holds = all(result["holds"] for result in results.values())
    _print({**whole, "holds": holds, "machine": load.machine()}, as_json=as_json)


def _webhook(per_second: float, count: int, *, as_json: bool) -> None:
    click.echo("Die Messung richtet sich ein …", err=True)
    with stage.running(0) as place:
        load.send_calls(place.webhook, stage.NUMBERS, 20, per_second=10, rings_for=0.2)  # a first request loads code
        sent = load.send_calls(place.webhook, stage.NUMBERS, count, per_second=per_second)
    webhook = spread_of(one.took_ms for one in sent)
    refused = sum(one.status != 200 for one in sent)
    result = {
        "webhook": webhook,
        "refused": refused,
        "must_hold": {"webhook_p95_ms": WEBHOOK_P95},
        "holds": webhook["p95_ms"] <= WEBHOOK_P95,
    }
    _print(
        {
            "bench": "calls",
            "source": "webhook",
            "calls": count,
            "per_second": per_second,
            **result,
            "machine": load.machine(),
        },
        as_json=as_json,
    )
    if refused:
        raise Refusal(f"{refused} Meldungen wurden nicht mit 200 beantwortet.")


def _print(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for name, value in {**result, **result.get("parts", {})}.items():
        if name == "parts":
            continue
        shown = ", ".join(f"{key} {figure}" for key, figure in value.items()) if isinstance(value, dict) else value
        click.echo(f"{name:<12} {shown}")
