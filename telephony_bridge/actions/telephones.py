"""The telephones of a centre at which agents sign in (operator's scope)."""

import re

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from telephony_bridge.asterisk.configuration import escaping
from telephony_bridge.models import Telephone
from tenants import audit, scope
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import ServiceCentre

EXTENSION = re.compile(r"[1-9][0-9]{1,5}")
OUTSIDE = re.compile(
    r"11[0-9]|116[0-9]*|118[0-9]*"
)  # calls for help and numbers of all networks are nobody's extension


def add_telephone(
    *, acting_user: Actor, centre: ServiceCentre, user: str, label: str, extension: str = ""
) -> Telephone:
    """A telephone; `user` is its name at the exchange, `extension` what colleagues dial. Raises Refusal."""
    escaping.name(user)
    if extension and (not EXTENSION.fullmatch(extension) or OUTSIDE.fullmatch(extension)):
        raise Refusal(_("Eine Durchwahl hat zwei bis sechs Ziffern, beginnt nicht mit 0 und ist keine Notrufnummer."))
    label = escaping.text(label) or user
    with scope.operator():
        if extension and Telephone.objects.filter(centre=centre, extension=extension).exists():
            raise Refusal(_("Die Durchwahl %(extension)s ist vergeben.") % {"extension": extension})
        try:
            with transaction.atomic():
                made = Telephone.objects.create(centre=centre, user=user, label=label, extension=extension)
                audit.record(
                    "add_telephone",
                    made,
                    acting_user=acting_user,
                    centre=centre.pk,
                    after=audit.state(made, "user", "label", "extension"),
                )
        except IntegrityError as error:
            raise Refusal(_("Ein Telefon mit der Kennung „%(user)s“ gibt es schon.") % {"user": user}) from error
    return made


def remove_telephone(*, acting_user: Actor, centre: ServiceCentre, user: str) -> Telephone:
    """A telephone is no more; whose it was when they were last there sit at their own. Raises Refusal for none of the centre's, and while somebody sits there."""
    with scope.operator(), transaction.atomic():
        found = Telephone.objects.filter(centre=centre, user=user).first()
        who = _removed(found) if found else None
        if found is None or who is None:
            raise Refusal(_("Ein Telefon mit der Kennung „%(user)s“ gibt es hier nicht.") % {"user": user[:40]})
        if who:
            sentence = _(
                "Am Telefon „%(label)s“ sitzt gerade %(name)s. Es kann entfernt werden, wenn niemand dort angemeldet ist."
            )
            raise Refusal(sentence % {"label": found.label, "name": who})
        before = audit.state(found, "user", "label", "extension")
        audit.record("remove_telephone", found, acting_user=acting_user, centre=centre.pk, before=before)
    return found


def _removed(telephone: Telephone) -> str | None:
    """ "" where it is removed, else who sits there; None: somebody else was faster."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.remove_telephone(%s)", [telephone.pk])
        row: tuple[str | None] = cursor.fetchone()
    return row[0]
