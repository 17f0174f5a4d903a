"""The exchanges that may report calls: their tokens, secrets and addresses (operator's scope), and why a message was refused."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge.models import Source
from telephony_bridge.tokens import hash_of, token_of
from tenants import audit, scope
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre

REFUSALS = timedelta(seconds=1)  # more often none is written
OVER_HTTP = ("zammad", "sipgate", "placetel")  # an exchange of our own has no webhook


def give_token(
    *,
    acting_user: Actor,
    centre: ServiceCentre,
    municipality: Municipality | None = None,
    dialect: str = "zammad",
    rotate: bool = False,
) -> str:
    """The webhook's token of a centre, or of one municipality's own exchange; made at the first call, the same at every later one.

    `rotate` replaces it: the old one is refused from then on. Raises Refusal when the stored one was derived from another secret key.
    """
    with scope.operator(), transaction.atomic():
        source, created = _source(centre, municipality, dialect)
        if created:
            _record("add_source", source, acting_user)
        elif rotate:
            rotate_token(source, acting_user=acting_user)
        return shown_token(source)


def add_source(
    *, acting_user: Actor, centre: ServiceCentre, municipality: Municipality | None = None, dialect: str
) -> Source:
    """A new one, in the operator's scope. Raises Refusal when there is one of this dialect already."""
    with transaction.atomic():
        source, created = _source(centre, municipality, dialect)
        if not created:
            raise Refusal(_("Diesen Anschluss gibt es schon: %(name)s.") % {"name": source.name})
        _record("add_source", source, acting_user)
    return source


def rotate_token(source: Source, *, acting_user: Actor) -> None:
    """Replace token and secret, in the operator's scope: the old ones are refused from now on."""
    with transaction.atomic():
        locked = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
        source.generation = locked.generation + 1
        source.token_hash = hash_of(token_of(source.pk, source.generation))
        source.save(update_fields=["generation", "token_hash"])
        _record("rotate_token", source, acting_user)


def change_networks(source: Source, networks: Sequence[str], *, acting_user: Actor) -> bool:
    """Say from which networks (telephony_bridge.networks) messages are accepted, in the operator's scope; whether that changed anything."""
    with transaction.atomic():
        locked = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
        before, source.networks = list(locked.networks), list(networks)
        if before == source.networks:
            return False
        source.save(update_fields=["networks"])
        audit.record(
            "change_networks",
            source,
            acting_user=acting_user,
            municipality=source.municipality_id,
            centre=source.centre_id,
            before={"networks": ", ".join(before)},
            after={"networks": ", ".join(source.networks)},
        )
    return True


def remember_refusal(source: Source, sentence: str) -> None:
    """Why a message was not accepted, for who connects the exchange (telephony scope). No audit row: it is the exchange that acts."""
    now = timezone.now()
    due = Q(refused_at=None) | Q(refused_at__lt=now - REFUSALS)
    Source.objects.filter(due, pk=source.pk).update(refused_at=now, refused_why=sentence[:200])


def shown_token(source: Source) -> str:
    """The token, to be shown to who connects the exchange. Raises Refusal when it was derived from another secret key."""
    token = token_of(source.pk, source.generation)
    if hash_of(token) != source.token_hash:
        raise Refusal(
            _("Der geheime Schlüssel der Installation wurde gewechselt. Erzeugen Sie mit --rotate ein neues Token.")
        )
    return token


def _source(centre: ServiceCentre, municipality: Municipality | None, dialect: str) -> tuple[Source, bool]:
    """The one row, locked; two who create it at once get the same."""
    if dialect not in OVER_HTTP:
        raise Refusal(_("Diese Sprache wird nicht über einen Webhook gesprochen."))
    name = str(municipality or centre)[:120]
    source, created = Source.objects.get_or_create(
        centre=centre,
        municipality=municipality,
        dialect=dialect,
        defaults={"name": name, "token_hash": secrets.token_hex(32)},
    )
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    if created:
        source.token_hash = hash_of(token_of(source.pk, source.generation))
        source.save(update_fields=["token_hash"])
    return source, created


def _record(action: str, source: Source, acting_user: Actor) -> None:
    audit.record(
        action,
        source,
        acting_user=acting_user,
        municipality=source.municipality_id,
        centre=source.centre_id,
        after={"generation": source.generation},
    )
