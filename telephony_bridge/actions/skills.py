"""What somebody can do, said by who leads the team (desk scope). That they lead it is asked by the database, too: see sql/rights.sql."""

from django.db import transaction
from django.utils.translation import gettext as _

from telephony_bridge.numbers import display, to_e164
from telephony_bridge.presence import ring_bridges
from telephony_bridge.routing.skills import Skills
from telephony_bridge.skill_models import LANGUAGES, AgentSkills, NumberLanguage
from telephony_bridge.skill_queries import agents_of, languages_of_numbers, trainable
from tenants import audit
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import ServiceCentre

FIELDS = ("municipalities", "languages", "line")
MOST_NUMBERS = 100  # of a centre: one page shows them


def set_skills(centre: ServiceCentre, person_id: int, skills: Skills, *, acting_user: Actor) -> None:
    """From now on the distribution gives them calls accordingly; a call that rings already goes on ringing.

    Raises Refusal for somebody who does not work there, for municipalities of others, and for what is no language or line of ours.
    """
    with transaction.atomic():
        name = dict(agents_of(centre.pk).filter(person_id=person_id)).get(person_id)
        if name is None:
            raise Refusal(_("Diese Person gehört nicht zum Team dieses Servicecenters."))
        _refuse_strange(centre, skills)
        row = _own_row(centre, person_id)
        before = audit.state(row, *FIELDS)
        row.municipalities, row.languages = sorted(skills.municipalities), sorted(skills.languages)
        row.line = skills.line
        after = audit.state(row, *FIELDS)
        if after != before:
            row.save(update_fields=FIELDS)
            about = ("agentskills", person_id, name)
            audit.record("set_skills", about, acting_user=acting_user, centre=centre.pk, before=before, after=after)
            ring_bridges(centre.pk)  # no desk shows it, so no desk is told


def _refuse_strange(centre: ServiceCentre, skills: Skills) -> None:
    if strange := skills.municipalities - {place.slug for place in trainable(centre.pk)}:
        words = {"name": min(strange)[:40]}
        raise Refusal(_("Die Kommune „%(name)s“ gehört nicht zu diesem Servicecenter.") % words)
    if strange := skills.languages - {str(code) for code, _label in LANGUAGES}:
        raise Refusal(_("Diese Sprache steht nicht zur Wahl: %(code)s.") % {"code": min(strange)[:10]})
    if not skills.languages:
        raise Refusal(_("Bitte mindestens eine Sprache angeben."))
    if skills.line not in dict(AgentSkills.LINES):
        raise Refusal(_("Diesen Einsatz gibt es nicht: %(line)s.") % {"line": skills.line})


def _own_row(centre: ServiceCentre, person_id: int) -> AgentSkills:
    """Locked; an insert without a race makes it, whoever is first."""
    AgentSkills.objects.bulk_create([AgentSkills(centre=centre, person_id=person_id)], ignore_conflicts=True)
    return AgentSkills.objects.select_for_update(of=("self",)).get(centre=centre, person_id=person_id)


def set_number_language(centre: ServiceCentre, number: str, language: str, *, acting_user: Actor) -> str:
    """Who dials this number, as people write it, is given to whom speaks the language; "": to anybody, again. Returns it as E.164.

    It holds for calls that come from now on. Raises Refusal for what is no number with its area code, no language that can be chosen, and for too many.
    """
    e164 = to_e164(number)
    if e164 is None:
        raise Refusal(_("Bitte eine Rufnummer mit Vorwahl angeben, zum Beispiel 02921 103-77."))
    if language and language not in {code for code, _label in wishes()}:
        raise Refusal(_("Diese Sprache steht nicht zur Wahl: %(code)s.") % {"code": language[:10]})
    with transaction.atomic():
        if language and len({one.number for one in languages_of_numbers(centre.pk)} - {e164}) >= MOST_NUMBERS:
            raise Refusal(_("Mehr als %(n)s Rufnummern mit Sprache gehen nicht.") % {"n": MOST_NUMBERS})
        NumberLanguage.objects.bulk_create([NumberLanguage(centre=centre, number=e164)], ignore_conflicts=True)
        row = NumberLanguage.objects.select_for_update(of=("self",)).get(centre=centre, number=e164)
        before, row.language = audit.state(row, "language"), language
        if (after := audit.state(row, "language")) != before:
            row.save(update_fields=["language"])
            about = ("numberlanguage", row.pk, display(e164))
            audit.record(
                "set_number_language", about, acting_user=acting_user, centre=centre.pk, before=before, after=after
            )
            ring_bridges(centre.pk)
    return e164


def wishes() -> list[tuple[str, str]]:
    """What callers of a number can want: a language other than German, with which every call begins anyway."""
    return [(str(code), str(label)) for code, label in LANGUAGES if code != "de"]
