"""The card that goes along with a transferred caller: for whom it is, what becomes of it, who sees it, and the e-mail in its place."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from telephony_bridge import actions
from telephony_bridge.actions.handing import OPEN
from telephony_bridge.handover_models import Handover
from telephony_bridge.handover_queries import stand_of
from telephony_bridge.models import Call, ExchangeCommand
from telephony_bridge.routing.spool import Record
from tenants import scope
from tenants.models import AuditEntry

SEEN = {"event": "", "state": "talking", "dialled": "029211030", "agent": None, "last_agent": None, "waiting": False}
NUMBER = {"number": "+492921301234", "label": "Karin Ostermann"}


@pytest.fixture
def target(soest, publish_address):
    """target("reader@example.org") -> a contact of Soest."""

    def contact(email="reader@example.org", town=soest):
        publish_address(town, "p_ostermann", email)
        return actions.Target(town.pk, "person:p_ostermann", "Karin Ostermann", email)

    return contact


@pytest.fixture
def talk(ring, people):
    """talk(**fields) -> a call at our exchange that the first agent has."""
    return lambda **fields: ring(
        **{"state": "talking", "agent_id": people["agent"].pk, "is_controlled": True, "concern": "Sperrmüll"} | fields
    )


@pytest.fixture
def hand(at_desk, target):
    """hand(call, verb="transfer") -> what stands in the table, after the agent has pressed."""

    def press(call, verb="transfer", who=None):
        with at_desk("agent") as person:
            actions.command_exchange(call, verb, acting_user=person, target=who or target(), **NUMBER)
        return card_of(call)

    return press


@pytest.fixture
def noted(at_desk, target):
    """noted(call) -> the card of a call at another's exchange: the agent says to whom it went."""

    def press(call, who=None):
        with at_desk("agent") as person:
            actions.hand_over(call, who or target(), acting_user=person, state="transferred")
        return card_of(call)

    return press


def card_of(call):
    with scope.telephony():
        return Handover.objects.filter(call=call).order_by("-pk").first()


@pytest.fixture
def happen(soest):
    """happen(call, "blind", "transferred") lets the exchange report these states of a call, one after the other."""
    counted = iter(range(1, 1000))

    def report(call, *states, **told):
        with scope.telephony(), transaction.atomic():
            source = actions.asterisk_source(soest.centre_id)
            Call.objects.filter(pk=call.pk).update(source=source)
            now = timezone.now()
            for state in states:
                details = SEEN | {"state": state} | told
                actions.store_records(source, "spool", [Record(next(counted), now, "seen", call.external_id, details)])
        return card_of(call)

    return report


def own(town, person):
    from telephony_bridge.handover_queries import handovers

    with scope.municipality(town.schema_name), transaction.atomic():
        return list(handovers(town.pk, person.pk))


def test_a_card_says_who_calls_what_about_and_for_whom(talk, hand, people):
    card = hand(talk())
    assert (card.caller, card.concern, card.called_name) == ("02921 555123", "Sperrmüll", "Stadt Soest")
    assert (card.person_id, card.contact_name, card.agent_name) == (
        people["reader"].pk,
        "Karin Ostermann",
        "Jana Köster",
    )
    assert card.state == "asked"
    with scope.owner():
        assert AuditEntry.objects.get(action="hand_over").municipality_id == card.municipality_id


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"from_number": "", "from_raw": "anonymous"}, ""),
        ({"from_number": "", "from_raw": ""}, ""),
        ({"from_number": "", "from_raw": "Pforte"}, "Pforte"),
    ],
)
def test_a_withheld_number_stays_withheld(talk, hand, fields, shown):
    assert hand(talk(**fields)).caller == shown


@pytest.mark.parametrize("email", ["READER@example.org ", "reader@example.org"])
def test_the_account_is_found_by_the_address(talk, hand, target, people, email):
    assert hand(talk(), who=target(email)).person_id == people["reader"].pk


@pytest.mark.parametrize("email", ["", "editor.kreis@example.org", "agent@example.org", "wer@example.org"])
def test_who_has_no_account_there_has_none(talk, hand, target, email):
    card = hand(talk(), who=target(email))
    assert (card.person_id, card.email) == (None, email)


@pytest.mark.parametrize(
    ("verb", "states", "becomes", "shown"),
    [
        ("transfer", [], "asked", False),
        ("transfer", ["blind"], "ringing", True),
        ("transfer", ["blind", "transferred"], "transferred", True),
        ("transfer", ["blind", "transferred", "ended"], "transferred", True),
        ("transfer", ["blind", "queued"], "returned", False),
        ("transfer", ["blind", "ended"], "ended", True),
        ("consult", ["dialling", "consulting"], "asked", False),
        ("consult", ["dialling", "consulting", "transferred"], "transferred", True),
        ("consult", ["dialling", "talking"], "returned", False),
        ("consult", ["dialling", "consulting", "talking"], "returned", False),
        ("consult", ["dialling", "ended"], "returned", False),
    ],
)
def test_it_follows_what_the_exchange_does(talk, hand, happen, soest, people, verb, states, becomes, shown):
    call = talk()
    hand(call, verb)
    with scope.telephony():
        Call.objects.filter(pk=call.pk).update(agent_id=people["agent"].pk)
    card = card_of(call)
    for state in states:  # the agent's telephone is known to nobody here, so the desk's own state is put back
        card = happen(call, state, agent="x" if state in ("dialling", "consulting", "talking") else None)
    assert card.state == becomes
    assert bool(own(soest, people["reader"])) is shown


def test_a_typed_number_takes_a_card_back_that_nobody_has_got_yet(talk, hand, happen, at_desk):
    """Its wish was lost with a bridge that died; what comes of the next one is not for that person."""
    call = talk()
    asked = hand(call, "consult")
    with at_desk("agent") as person:
        actions.command_exchange(call, "transfer", acting_user=person, **NUMBER)
    assert card_of(call).state == "returned"
    happen(call, "blind", "transferred")
    assert (card_of(call).pk, card_of(call).state) == (asked.pk, "returned")


def test_a_second_wish_that_is_refused_takes_nothing_from_the_first(talk, hand, at_desk):
    call = talk()
    hand(call, "consult")
    with at_desk("agent") as person:
        actions.command_exchange(call, "hold", acting_user=person)
        second = ExchangeCommand.objects.create(
            centre_id=call.centre_id, call=call, person_id=person.pk, verb="consult", number="+492921301234", label=""
        )
    with scope.telephony():
        actions.end_commands({second.pk: "refused"})
    assert card_of(call).state == "asked"


def test_what_the_exchange_refused_brings_nobody_a_caller(talk, hand):
    call = talk()
    hand(call)
    with scope.telephony(), transaction.atomic():
        actions.end_commands({actions.open_commands(call.centre_id)[0].pk: "refused"})
    assert card_of(call).state == "returned"


def test_a_second_contact_takes_the_first_ones_card_away_and_the_same_one_again_is_no_news(talk, noted, target, kreis):
    call = talk(is_controlled=False)
    first = noted(call)
    assert noted(call).pk == first.pk
    second = noted(call, target(town=kreis))
    with scope.telephony():
        assert dict(Handover.objects.values_list("pk", "state")) == {first.pk: "returned", second.pk: "transferred"}


def test_what_an_agent_takes_back_is_gone(at_desk, talk, noted, soest, people):
    call = talk(is_controlled=False)
    noted(call)
    assert own(soest, people["reader"])
    with at_desk("agent") as person:
        actions.take_back(call, acting_user=person)
        actions.take_back(call, acting_user=person)
    assert own(soest, people["reader"]) == []
    with scope.owner():
        assert AuditEntry.objects.filter(action="take_back").count() == 1


# The page


def test_the_page_shows_ones_own_cards_and_no_others(visit, talk, noted, target):
    noted(talk(is_controlled=False, concern="Wunschtermin <b>"))
    page = visit("reader", "soest.localhost").get("/gespraeche/").content.decode()
    assert "Wunschtermin &lt;b&gt;" in page
    assert 'href="tel:+492921555123"' in page
    for who in ("admin", "editor"):
        assert "Wunschtermin" not in visit(who, "soest.localhost").get("/gespraeche/").content.decode()
    assert 'href="/gespraeche/"' in visit("admin", "soest.localhost").get("/").content.decode()


def test_it_is_ticked_off_by_its_person_alone(visit, talk, noted):
    card = noted(talk(is_controlled=False))
    where = f"/gespraeche/{card.pk}/erledigt/"
    assert visit("admin", "soest.localhost").post(where).status_code == 404
    reader = visit("reader", "soest.localhost")
    assert "Der Anruf ist abgehakt." in reader.post(where, follow=True).content.decode()
    assert card_of(card.call_id).done_at is not None
    assert reader.post(where, {"seite": "2"})["Location"] == "/gespraeche/?seite=2"
    assert reader.post(where, {"seite": "/x"})["Location"] == "/gespraeche/"
    reader.post(where, {"undo": "1"})
    assert card_of(card.call_id).done_at is None
    with scope.owner():
        assert AuditEntry.objects.filter(action="finish_handover").count() == 2


def test_the_cards_are_sent_again_only_when_they_differ(visit, talk, noted, happen):
    client = visit("reader", "soest.localhost")
    first = client.get("/gespraeche/karten/")
    assert "keinen Anruf" in first.content.decode()

    def again(answer):
        return client.get("/gespraeche/karten/", headers={"If-None-Match": answer.headers["ETag"]})

    assert again(first).status_code == 304
    card = noted(talk(is_controlled=False))
    second = again(first)
    assert (second.status_code, "Sperrmüll" in second.content.decode()) == (200, True)
    assert again(second).status_code == 304
    client.post(f"/gespraeche/{card.pk}/erledigt/")
    assert "Doch nicht erledigt" in again(second).content.decode()


def test_a_full_page_costs_few_queries(visit, talk, noted, django_assert_max_num_queries):
    for _ in range(25):
        noted(talk(is_controlled=False))
    client = visit("reader", "soest.localhost")
    client.get("/gespraeche/")
    with django_assert_max_num_queries(12):
        page = client.get("/gespraeche/").content.decode()
    assert page.count('class="todo"') == 20
    second = client.get("/gespraeche/?seite=2").content.decode()
    assert (second.count('class="todo"'), second.count('name="seite" value="2"')) == (5, 5)
    assert 'name="seite"' not in page


def test_what_rang_long_ago_rings_no_more(visit, talk, hand, happen):
    call = talk()
    hand(call)
    happen(call, "blind")
    reader = visit("reader", "soest.localhost")
    assert ">klingelt<" in reader.get("/gespraeche/").content.decode()
    with scope.owner():
        Handover.objects.update(state_at=timezone.now() - timedelta(minutes=3))
    page = reader.get("/gespraeche/").content.decode()
    assert (">klingelt<" in page, "Sperrmüll" in page) == (False, True)


def test_an_open_page_is_told_that_it_rings_no_more_and_that_a_day_has_passed(soest, people, talk, hand, happen):
    call = talk()
    hand(call)
    happen(call, "blind")
    at, stands = timezone.localtime().replace(hour=12), []
    with scope.owner():
        Handover.objects.update(state_at=at)
    for moment in (at, at + timedelta(seconds=1), at + timedelta(minutes=2), at + timedelta(days=1)):
        with time_machine.travel(moment, tick=False), scope.municipality(soest.schema_name), transaction.atomic():
            stands.append(stand_of(soest.pk, people["reader"].pk))
    assert stands[0] == stands[1]
    assert len(set(stands)) == 3


# Attacks, where the database itself must say no


def test_another_municipality_sees_and_changes_nothing(talk, noted, happen, hand, soest, kreis):
    noted(talk(is_controlled=False))
    running = talk()
    hand(running)
    with scope.municipality(kreis.schema_name), transaction.atomic():
        assert list(Handover.objects.all()) == []
        assert Handover.objects.update(done_at=timezone.now()) == 0
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert [card.state for card in Handover.objects.all()] == ["transferred"]  # what only is asked for is not told
    for change in ({"concern": "x"}, {"person_id": 1}, {"state": "returned"}, {"mailed_at": timezone.now()}):
        with pytest.raises(DatabaseError), scope.municipality(soest.schema_name), transaction.atomic():
            Handover.objects.update(**change)
    with pytest.raises(DatabaseError), scope.municipality(soest.schema_name), transaction.atomic():
        Handover.objects.all().delete()


def test_nobody_gives_away_a_call_that_is_not_theirs(at_desk, talk, target, places):
    call = talk()
    for who in ("agent2", "supervisor", "agent.unna"):
        with at_desk(who) as person, pytest.raises(DatabaseError), transaction.atomic():
            actions.hand_over(call, target(), acting_user=person)
    with at_desk("agent") as person:
        with pytest.raises(DatabaseError), transaction.atomic():
            actions.hand_over(call, target(town=places["unna"]), acting_user=person)
        with pytest.raises(DatabaseError), transaction.atomic():
            actions.hand_over(
                call, target(town=places["lippstadt"]), acting_user=person
            )  # not live: nobody answers for it
    assert card_of(call) is None


def test_a_card_cannot_be_addressed_to_a_stranger(at_desk, talk, people):
    call = talk()
    statement = (
        "INSERT INTO telephony_bridge_handover (call_id, centre_id, municipality_id, called_name, contact_key, contact_name, person_id, email,"
        " caller, concern, agent_id, agent_name, at, state, state_at, mail_tries)"
        " VALUES (%s, %s, %s, '', 'x', 'x', %s, 'reader@example.org', '', '', %s, 'x', now(), 'transferred', now(), 0)"
    )
    with at_desk("agent") as person, connection.cursor() as cursor:
        values = [call.pk, call.centre_id, call.municipality_id, people["admin"].pk, person.pk]
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(statement, values)
        values[3] = people["reader"].pk
        cursor.execute(statement, values)  # the control


def test_colleagues_and_other_centres_do_not_read_a_card(at_desk, talk, noted):
    noted(talk(is_controlled=False))
    for who, seen in (("agent", 1), ("agent2", 0), ("supervisor", 0), ("agent.unna", 0)):
        with at_desk(who):
            assert Handover.objects.count() == seen
    with at_desk("agent"):
        for change in ({"state": "transferred"}, {"done_at": timezone.now()}):
            with pytest.raises(DatabaseError), transaction.atomic():
                Handover.objects.update(**change)
    with at_desk("agent.unna"), connection.cursor() as cursor:
        cursor.execute("SELECT public.person_of_contact(id, 'reader@example.org') FROM tenants_municipality")
        assert {row[0] for row in cursor.fetchall()} == {None}


# The e-mail


def sent():
    with scope.worker():
        return actions.mail_handovers()


def test_who_has_no_account_gets_one_letter(talk, hand, happen, target):
    call = talk()
    hand(call, who=target("Buergerbuero@stadt.example"))
    assert sent() == 0
    happen(call, "blind")
    assert sent() == 0  # nobody has answered yet
    happen(call, "transferred")
    assert (sent(), sent()) == (1, 0)
    (letter,) = mail.outbox
    assert letter.to == ["buergerbuero@stadt.example"]
    assert letter.subject == "Ein Anruf wurde an Sie weitergeleitet (Stadt Soest)"
    for words in ("Karin Ostermann", "02921 555123", "Stadt Soest", "Sperrmüll", "Jana Köster", "automatisch"):
        assert words in letter.body
    assert letter.extra_headers["Message-ID"].startswith("<handover-")
    with scope.owner():
        assert AuditEntry.objects.filter(action="mail_handover").count() == 1


def test_a_letter_is_whole_where_little_is_known(talk, hand, happen, target):
    call = talk(from_number="", from_raw="anonymous", concern="", municipality=None)
    hand(call, who=target("amt@stadt.example"))
    happen(call, "blind", "transferred")
    assert sent() == 1
    assert "Rufnummer: unterdrückt\nWeitergeleitet: " in mail.outbox[0].body
    assert "Anliegen" not in mail.outbox[0].body


def test_no_letter_where_the_caller_came_back_the_person_has_an_account_or_no_address(talk, hand, happen, target):
    for email, states in (
        ("amt@x.example", ["blind", "queued"]),
        ("reader@example.org", ["blind", "transferred"]),
        ("", ["blind", "transferred"]),
    ):
        call = talk()
        hand(call, who=target(email))
        happen(call, *states)
    assert sent() == 0
    assert mail.outbox == []


def test_what_is_only_noted_is_sent_when_the_call_is_closed(talk, noted, target):
    call = talk(is_controlled=False)
    noted(call, target("amt@stadt.example"))
    assert sent() == 0
    with scope.telephony():
        Call.objects.filter(pk=call.pk).update(state="ended")
    assert sent() == 1


def test_without_mail_nothing_is_marked_and_an_old_card_is_never_sent(settings, talk, hand, happen, target):
    call = talk()
    hand(call, who=target("amt@stadt.example"))
    happen(call, "blind", "transferred")
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert sent() == 0
    assert card_of(call).mail_tries == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with scope.owner():
        Handover.objects.update(at=timezone.now() - timedelta(days=1))
    assert sent() == 0
    assert mail.outbox == []


def test_after_thirty_days_it_is_forgotten(talk, hand):
    old, young = hand(talk()), hand(talk())
    with scope.owner():
        Handover.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=31))
    with scope.telephony():
        actions.forget_callers()
        assert list(Handover.objects.filter(state__in=OPEN).values_list("pk", flat=True)) == [young.pk]
    with scope.owner():
        assert AuditEntry.objects.get(action="forget_callers").after == {"calls": 0, "messages": 0, "handovers": 1}
