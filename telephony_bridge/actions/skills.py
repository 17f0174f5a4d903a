"""What somebody can do, said by who leads the team (desk scope). That they lead it is asked by the database, too: see sql/rights.sql."""

from django.db import transaction
from django.utils.translation import gettext as _

from telephony_bridge.presence import ring_bridges
from telephony_bridge.routing.skills import Skills
from telephony_bridge.skill_models import LANGUAGES, AgentSkills
from telephony_bridge.skill_queries import agents_of, trainable
from tenants import audit
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import ServiceCentre

FIELDS = ("municipalities", "languages", "line")


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
