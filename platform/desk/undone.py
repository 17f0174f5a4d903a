"""What a person wanted of the exchange and did not get, in words: at the desk and on the page of whoever leads a team."""

from django.utils.translation import gettext_lazy as _

from telephony_bridge.models import ExchangeCommand

REFUSED = _("Das ging nicht: Der Anruf war schon weiter, oder Ihr Telefon ist besetzt.")
WORDS = {
    "refused": REFUSED,
    "late": _("Die Telefonanlage war nicht zu erreichen. Bitte noch einmal versuchen."),
    "not_taken": _(
        "Das Gespräch wurde nicht übernommen: Ihr Telefon war besetzt, oder Sie haben nicht abgehoben. Es geht ohne Sie weiter."
    ),
    "talk_over": _(
        "Das Gespräch wurde nicht übernommen: Es war zu Ende oder weitergegeben, bevor Sie abgehoben haben."
    ),
}


def words_of(command: ExchangeCommand) -> str:
    """One sentence for a command that was not done (`queries.unheard`)."""
    return str(WORDS.get(command.result, REFUSED))
