"""What agents can do: who may say it, of whom, and that the distribution knows it within a second of its being said."""

import math

import psycopg
import pytest
from django.db import ProgrammingError, connections, transaction

from accounts.models import Membership
from telephony_bridge import actions
from telephony_bridge import link as link_module
from telephony_bridge.actions import skills as module
from telephony_bridge.link import Link
from telephony_bridge.receptions import Voice, reception_of
from telephony_bridge.routing.ari import Access
from telephony_bridge.routing.exchange import Exchange
from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.skills import ANYBODY, Skills, Wants
from telephony_bridge.routing.spool import Spool
from telephony_bridge.skill_models import AgentSkills, NumberLanguage
from telephony_bridge.skill_queries import agents_of, languages_of_numbers, skills_of, trainable
from tenants import scope
from tenants.backend.base import login_password
from tenants.errors import Refusal
from tenants.models import AuditEntry, Municipality, ServiceCentre

FOR_KREIS = Skills(frozenset({"kreis"}), frozenset({"de", "tr"}), 1)


@pytest.fixture
def unna_leads(people, places):
    """The only agent of the other centre leads its team, too."""
    person = people["agent.unna"]
    with scope.front():
        Membership.objects.create(
            person=person, role="supervisor", person_name=person.name, centre=places["unna"].centre
        )
    return person


@pytest.fixture
def teach(soest, at_desk, people):
    """teach("agent", skills) as the supervisor does it."""

    def act(who, skills):
        with at_desk("supervisor") as beate:
            actions.set_skills(soest.centre, people[who].pk, skills, acting_user=beate)

    return act


def stored():
    with scope.telephony():
        return skills_of(ServiceCentre.objects.get(slug="soest").pk)


def logged():
    with scope.owner():
        return list(AuditEntry.objects.filter(action="set_skills").order_by("pk"))


# Saying it


def test_what_is_said_holds_and_is_logged_with_what_was_before(teach, people):
    me = people["agent"].pk
    assert stored() == {}
    teach("agent", FOR_KREIS)
    assert stored() == {me: FOR_KREIS}
    teach("agent", Skills())
    assert stored() == {me: ANYBODY}
    first, second = logged()
    assert (first.person_name, first.object_label) == ("Beate Hüsing", "Jana Köster")
    assert first.before == {"municipalities": [], "languages": ["de"], "line": 0}
    assert first.after == {"municipalities": ["kreis"], "languages": ["de", "tr"], "line": 1}
    assert second.before == first.after


def test_what_was_said_twice_is_logged_once(teach):
    for _again in range(2):
        teach("agent", FOR_KREIS)
    teach("agent2", Skills())
    assert len(logged()) == 1


@pytest.mark.parametrize(
    ("skills", "words"),
    [
        (Skills(frozenset({"unna"})), "„unna“ gehört nicht zu diesem Servicecenter"),
        (Skills(frozenset({"atlantis"})), "„atlantis“ gehört nicht"),
        (Skills(languages=frozenset({"de", "tlh"})), "Sprache steht nicht zur Wahl: tlh"),
        (Skills(languages=frozenset()), "mindestens eine Sprache"),
        (Skills(line=2), "Einsatz gibt es nicht: 2"),
    ],
)
def test_what_cannot_be_is_refused(teach, skills, words):
    with pytest.raises(Refusal, match=words):
        teach("agent", skills)
    assert (stored(), logged()) == ({}, [])


@pytest.mark.parametrize("who", ["agent.unna", "editor", "nobody"])
def test_of_who_does_not_work_there_nothing_can_be_said(teach, who):
    with pytest.raises(Refusal, match="gehört nicht zum Team"):
        teach(who, Skills())
    assert stored() == {}


def test_one_can_be_trained_before_a_municipality_is_live_and_no_more_once_it_has_left(teach, places, at_desk):
    teach("agent", Skills(frozenset({"lippstadt"})))
    with scope.owner(), transaction.atomic():
        Municipality.objects.filter(pk=places["lippstadt"].pk).update(status="left")
    with at_desk("supervisor"):
        assert [place.slug for place in trainable(places["soest"].centre_id)] == ["kreis", "soest"]
    with pytest.raises(Refusal, match="„lippstadt“ gehört nicht"):
        teach("agent2", Skills(frozenset({"lippstadt"})))
    (skills,) = stored().values()
    assert not skills.suit(Wants("soest"))  # whose only municipality has left is not suddenly trained for all


def test_everybody_of_the_team_stands_there_once(at_desk, people, places):
    person, centre = people["agent"], places["soest"].centre
    with scope.front():
        Membership.objects.create(person=person, role="supervisor", person_name=person.name, centre=centre)
    with at_desk("supervisor"):
        assert [name for _person, name in agents_of(centre.pk)] == ["Beate Hüsing", "Jana Köster", "Murat Aydın"]


# Who may


def test_only_who_leads_the_team_says_it(soest, at_desk, people, unna_leads, teach):
    me = people["agent"].pk
    for who in ("agent", "agent2", "agent.unna"):
        with at_desk(who) as person, pytest.raises((ProgrammingError, Refusal)), transaction.atomic():
            actions.set_skills(soest.centre, me, FOR_KREIS, acting_user=person)
    assert stored() == {}
    teach("agent", FOR_KREIS)
    for who in ("agent", "agent.unna"):
        with at_desk(who):
            assert AgentSkills.objects.update(line=0, municipalities=["soest"]) == 0
        with at_desk(who), pytest.raises(ProgrammingError), transaction.atomic():
            AgentSkills.objects.create(centre=soest.centre, person_id=people["agent2"].pk)
    assert stored() == {me: FOR_KREIS}


def test_colleagues_read_it_and_other_centres_do_not(soest, at_desk, people, unna_leads, teach):
    teach("agent", FOR_KREIS)
    with at_desk("agent2"):
        assert skills_of(soest.centre_id) == {people["agent"].pk: FOR_KREIS}
    with at_desk("agent.unna"):
        assert skills_of(soest.centre_id) == {}


@pytest.mark.parametrize("other", [scope.front, scope.worker, scope.operator])
def test_nobody_else_reads_it(other, teach):
    teach("agent", FOR_KREIS)
    with other(), pytest.raises(ProgrammingError), transaction.atomic():
        list(AgentSkills.objects.all())


def test_a_municipality_reads_nothing_of_it(soest, teach):
    teach("agent", FOR_KREIS)
    with scope.municipality(soest.schema_name), pytest.raises(ProgrammingError), transaction.atomic():
        list(AgentSkills.objects.all())


def test_even_a_supervisor_says_it_of_their_own_team_alone_and_forgets_nothing(soest, at_desk, people, teach, places):
    teach("agent", FOR_KREIS)
    stranger = people["agent.unna"].pk
    with at_desk("supervisor"), pytest.raises(ProgrammingError), transaction.atomic():
        AgentSkills.objects.create(centre=soest.centre, person_id=stranger)
    with at_desk("supervisor"), pytest.raises(ProgrammingError), transaction.atomic():
        AgentSkills.objects.create(centre=places["unna"].centre, person_id=stranger)
    for values in ({"person_id": stranger}, {"centre": places["unna"].centre}):
        with at_desk("supervisor"), pytest.raises(ProgrammingError), transaction.atomic():
            AgentSkills.objects.update(**values)
    with at_desk("supervisor"), pytest.raises(ProgrammingError), transaction.atomic():
        AgentSkills.objects.all().delete()
    assert stored() == {people["agent"].pk: FOR_KREIS}


# From there to the distribution


@pytest.fixture
def bridge(soest, tmp_path, people, at_desk, monkeypatch):
    """The bridge's thread for the database, with an exchange that nothing is connected to; bridge() is a round of it, and says what the pool knows."""
    with scope.owner(), transaction.atomic():
        for who, telephone in (("agent", "agent1"), ("agent2", "agent2")):
            type(people[who]).objects.filter(pk=people[who].pk).update(phone_user=telephone)
    link = Link(soest.centre_id, Access("127.0.0.1", 1, "bridge", "none"), Spool(tmp_path))
    link.exchange = Exchange(link.access)
    monkeypatch.setattr(link_module, "LOOK_EVERY", math.inf)  # however slow the machine is
    monkeypatch.setattr(link, "_in_loop", lambda work: work())

    def round_(*, rung=True):
        if rung:
            link.rung.set()
        link._round()
        return link.exchange.pool.skills

    yield round_
    link.spool.close()


def test_the_pool_knows_what_was_said_of_who_sits_at_a_telephone(bridge, teach):
    assert bridge() == {"agent1": ANYBODY, "agent2": ANYBODY}
    teach("agent", FOR_KREIS)
    assert bridge() == {"agent1": FOR_KREIS, "agent2": ANYBODY}


def test_it_is_not_read_at_each_event(bridge, teach):
    bridge()
    teach("agent", FOR_KREIS)
    assert bridge(rung=False)["agent1"] == ANYBODY
    assert bridge()["agent1"] == FOR_KREIS


def test_skills_go_with_the_person_to_another_telephone(soest, bridge, teach, at_desk):
    from telephony_bridge.models import Telephone

    with scope.operator(), transaction.atomic():
        Telephone.objects.create(centre=soest.centre, user="platz3", label="Platz 3")
    teach("agent", FOR_KREIS)
    with at_desk("agent") as person:
        actions.sign_in_at(soest.centre, "platz3", acting_user=person)
    assert bridge() == {"platz3": FOR_KREIS, "agent2": ANYBODY}


def test_who_has_left_the_team_is_forgotten(bridge, teach, people):
    teach("agent", FOR_KREIS)
    assert bridge()["agent1"] == FOR_KREIS
    with scope.front(), transaction.atomic():
        Membership.objects.filter(person=people["agent"]).delete()
    assert "agent1" not in bridge()


def test_the_bridges_of_the_centre_are_rung(in_threads, people):
    """On a database of its own, where the transaction commits."""

    def listens_while_it_is_said():
        database = connections.settings["default"]
        with psycopg.connect(
            host=database["HOST"] or None, port=database["PORT"] or None, dbname=database["NAME"],
            user="listener", password=login_password("listener"), autocommit=True,
        ) as ear:  # fmt: skip
            ear.execute("LISTEN exchange")
            with scope.desk(people["supervisor"].pk), transaction.atomic():
                centre = ServiceCentre.objects.get(slug="soest")
                actions.set_skills(centre, people["agent"].pk, FOR_KREIS, acting_user=people["supervisor"])
            return centre.pk, [note.payload for note in ear.notifies(timeout=10, stop_after=1)]

    ((centre, rung),) = in_threads(listens_while_it_is_said)
    assert rung == [str(centre)]


# Numbers whose callers want a language


@pytest.fixture
def wishes(soest, at_desk):
    """wishes("02921 103-77", "tr") as the supervisor says it."""

    def act(number, language):
        with at_desk("supervisor") as beate:
            return actions.set_number_language(soest.centre, number, language, acting_user=beate)

    return act


def numbers(centre_id):
    with scope.telephony():
        return {one.number: one.language for one in languages_of_numbers(centre_id)}


def test_a_number_has_a_language_until_it_has_another_or_none(wishes, soest):
    assert wishes(" 02921 / 103-77 ", "tr") == "+49292110377"
    assert numbers(soest.centre_id) == {"+49292110377": "tr"}
    wishes("+49 2921 10377", "ar")
    wishes("0292110377", "ar")
    assert numbers(soest.centre_id) == {"+49292110377": "ar"}
    wishes("02921 10377", "")
    assert numbers(soest.centre_id) == {}
    with scope.owner():
        rows = AuditEntry.objects.filter(action="set_number_language").order_by("pk")
        assert [(row.before["language"], row.after["language"]) for row in rows] == [
            ("", "tr"),
            ("tr", "ar"),
            ("ar", ""),
        ]


@pytest.mark.parametrize(
    ("number", "language", "words"),
    [
        ("Rathaus", "tr", "Rufnummer mit Vorwahl"),
        ("10377", "tr", "Rufnummer mit Vorwahl"),
        ("02921 10377", "de", "nicht zur Wahl: de"),
        ("02921 10377", "tlh", "nicht zur Wahl: tlh"),
    ],
)
def test_what_is_no_number_or_no_wish_is_refused(wishes, soest, number, language, words):
    with pytest.raises(Refusal, match=words):
        wishes(number, language)
    assert numbers(soest.centre_id) == {}


def test_there_are_as_many_numbers_as_a_page_shows(wishes, soest, monkeypatch):
    monkeypatch.setattr(module, "MOST_NUMBERS", 2)
    for number in ("02921 10377", "02921 10378"):
        wishes(number, "tr")
    wishes("02921 10377", "ar")  # one that is there already
    with pytest.raises(Refusal, match="Mehr als 2"):
        wishes("02921 10379", "tr")
    wishes("02921 10378", "")
    wishes("02921 10379", "tr")
    assert len(numbers(soest.centre_id)) == 2


def test_of_numbers_only_who_leads_the_team_says_it(soest, at_desk, unna_leads, wishes):
    wishes("02921 10377", "tr")
    for who in ("agent", "agent.unna"):
        with at_desk(who) as person, pytest.raises(ProgrammingError), transaction.atomic():
            actions.set_number_language(soest.centre, "02921 10378", "tr", acting_user=person)
        with at_desk(who):
            assert NumberLanguage.objects.update(language="") == 0
    with at_desk("agent.unna"):
        assert languages_of_numbers(soest.centre_id) == []
    with at_desk("supervisor"), pytest.raises(ProgrammingError), transaction.atomic():
        NumberLanguage.objects.all().delete()
    with scope.municipality(soest.schema_name), pytest.raises(ProgrammingError), transaction.atomic():
        list(NumberLanguage.objects.all())
    assert numbers(soest.centre_id) == {"+49292110377": "tr"}


@pytest.mark.parametrize("has_voice", [False, True])
def test_who_dials_it_wants_the_language_also_by_way_of_a_forwarded_town_hall(wishes, soest, tmp_path, has_voice):
    wishes("02921 103-77", "tr")
    voice = Voice(tmp_path) if has_voice else None
    with scope.telephony():
        reception = reception_of(soest.centre_id, voice)
    if voice:
        voice.close()

    def wanted(dialled, diversion=""):
        return reception.welcome({"dialled": dialled, "diversion": diversion, "history": ""}, waiting=0).wants

    assert wanted("+49292110377") == Wants("soest", "tr")
    assert wanted("+4929211030") == Wants("soest")
    assert wanted("+492921999", "<sip:+49292110377@town.example>;reason=unconditional") == Wants("soest", "tr")
    assert wanted("anonymous") == Wants()


def test_a_caller_who_wants_a_language_goes_to_whom_speaks_it(bridge, teach, wishes, soest):
    teach("agent2", Skills(languages=frozenset({"de", "tr"})))
    wishes("02921 103-77", "tr")
    with scope.telephony():
        reception = reception_of(soest.centre_id, None)
    pool = Pool(["agent1", "agent2"])
    pool.learn_all(bridge())
    pool.seek("call", wants=reception.welcome({"dialled": "+49292110377"}, waiting=0).wants)
    assert pool.pairs(0.0) == [("call", "agent2")]
