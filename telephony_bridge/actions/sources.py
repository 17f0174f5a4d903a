"""The exchanges that may report calls, and their tokens (operator's scope)."""

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from telephony_bridge.models import Source
from telephony_bridge.tokens import hash_of, token_of
from tenants import audit, scope
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre


def give_token(
    *, acting_user: Actor, centre: ServiceCentre, municipality: Municipality | None = None, rotate: bool = False
) -> str:
    """The webhook's token of a centre, or of one municipality's own exchange; made at the first call, the same at every later one.

    `rotate` replaces it: the old one is refused from then on. Raises Refusal when the stored one was derived from another secret key.
    """
    with scope.operator(), transaction.atomic():
        source, created = _source(centre, municipality)
        if created or rotate:
            source.generation += not created
            source.token_hash = hash_of(token_of(source.pk, source.generation))
            source.save(update_fields=["generation", "token_hash"])
            _record("add_source" if created else "rotate_token", source, acting_user)
        token = token_of(source.pk, source.generation)
        if hash_of(token) != source.token_hash:
            raise Refusal(
                _("Der geheime Schlüssel der Installation wurde gewechselt. Erzeugen Sie mit --rotate ein neues Token.")
            )
    return token


def _source(centre: ServiceCentre, municipality: Municipality | None) -> tuple[Source, bool]:
    """The one row, locked; two who create it at once get the same."""
    name = str(municipality or centre)[:120]
    source, created = Source.objects.get_or_create(
        centre=centre,
        municipality=municipality,
        dialect=Source.DIALECTS.zammad,
        defaults={"name": name, "token_hash": secrets.token_hex(32)},
    )
    return Source.objects.select_for_update(of=("self",)).get(pk=source.pk), created


def _record(action: str, source: Source, acting_user: Actor) -> None:
    audit.record(
        action,
        source,
        acting_user=acting_user,
        municipality=source.municipality_id,
        centre=source.centre_id,
        after={"generation": source.generation},
    )
