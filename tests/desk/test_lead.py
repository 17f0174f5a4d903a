"""The page of whoever leads a team: what it shows of whom, its deeds, and that nobody else gets there."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telephony_bridge import lead_queries
from tests.desk.test_page import FRAGMENT, Outer

IDS = ("lead-unheard", "lead-figures", "lead-closing", "lead-situation", "lead-waiting", "lead-talking", "lead-team")
PARTS = "/leitstand/soest/teile/"


def text_of(html: str) -> str:
    """What is to be read, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def regions(response) -> dict[str, str]:
    """The parts of the page as source text, without the seconds that run."""
    reader = Outer(IDS)
    reader.feed(response.content.decode())
    found = {name: re.sub(r'(data-since="[^"]*">)[^<]*', r"\1", html) for name, html in reader.found.items()}
    return {name: re.sub(r"\s+", " ", html) for name, html in found.items()}


def seen(response) -> dict[str, str]:
    return {name: text_of(html) for name, html in regions(response).items()}


def said(response) -> str:
    found = re.search(r"<p data-say[^>]*>(.*?)</p>", response.content.decode())
    return found[1] if found else ""


@pytest.fixture
def lead(desk):
    return desk("supervisor")


def post(client, path, **data):
    return client.post(f"/leitstand/soest/{path}/", data, headers=FRAGMENT)


def presence_of(person):
    from telephony_bridge.models import Presence
    from tenants import scope

    with scope.telephony():
        return Presence.objects.get(person_id=person.pk)


def test_the_desk_leads_there_for_who_leads_a_team(desk) -> None:
    link = '<a class="link" href="/leitstand/">Leitstand</a>'
    assert link in desk("supervisor").get("/").content.decode()
    assert link not in desk("agent").get("/").content.decode()


def test_without_calls_it_says_so(lead) -> None:
    page = seen(lead.get("/leitstand/"))
    assert page["lead-figures"].startswith(
        "0 warten – längste Wartezeit 0 im Gespräch 0 bereit – heute in 20 s angenommen"
    )
    assert (page["lead-waiting"], page["lead-talking"]) == (
        "Wartende Anrufe Niemand wartet.",
        "Gespräche Niemand spricht.",
    )
    assert page["lead-team"] == "Noch war niemand da."


def test_who_waits_in_order_and_whose_telephone_rings(lead, ring, ready, people, kreis) -> None:
    ready("agent")
    now = timezone.now()
    ring(ringing_at=now - timedelta(seconds=30), is_controlled=True, offered_to_id=people["agent"].pk)
    ring(
        ringing_at=now - timedelta(seconds=20),
        is_controlled=True,
        municipality=kreis,
        from_raw="anonymous",
        from_number="",
    )
    ring(ringing_at=now - timedelta(seconds=10), is_controlled=True, municipality=None, first_at=now)
    ring(ringing_at=now, state="ended")
    page = regions(lead.get("/leitstand/"))
    rows = [text_of(row) for row in re.findall(r"<tr>.*?</tr>", page["lead-waiting"])[1:]]
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert "nicht erkannt" in rows[0]
    assert rows[1].endswith("klingelt bei Jana Köster")  # and cannot be moved any more
    assert "Kreis Soest" in rows[2]
    assert "unterdrückt" in rows[2]
    assert "Nach vorn Zu mir holen" in rows[2]
    assert "Nach vorn" not in rows[0]
    assert text_of(page["lead-figures"]).startswith("3 warten")


def test_who_talks_in_words(lead, ring, people) -> None:
    now = timezone.now()
    talk = {"state": "talking", "is_controlled": True, "agent_id": people["agent"].pk, "agent_name": "Jana Köster"}
    ring(**talk, answered_at=now, phase="consulting", phase_since=now, transferred_to="Ordnungsamt")
    ring(**talk, answered_at=now, phase="held", phase_since=now)
    talks = seen(lead.get("/leitstand/"))["lead-talking"]
    assert (
        "Jana Köster Soest Stadt Soest Rückfrage: Ordnungsamt" in talks.replace("SO ", "")
        or "Rückfrage: Ordnungsamt" in talks
    )
    assert "Anrufer wird gehalten" in talks


def test_everybodys_presence_with_reason_and_who_has_left_the_team_not_at_all(lead, ready, people) -> None:
    from accounts.models import Membership
    from tenants import scope

    ready("agent", "agent2", "supervisor")
    assert post(lead, f"person/{people['agent'].pk}/break", reason="Besprechung").status_code == 200
    team = seen(lead.get("/leitstand/"))["lead-team"]
    assert "Jana Köster Pause Besprechung (Beate Hüsing)" in team
    assert "Murat Aydın Bereit" in team
    assert "In Pause setzen: Beate Hüsing" not in regions(lead.get("/leitstand/"))["lead-team"]
    with scope.front():
        Membership.objects.filter(person=people["agent2"]).delete()
    assert "Murat" not in seen(lead.get("/leitstand/"))["lead-team"]


def test_the_service_level_counts_who_was_answered_in_time_and_who_gave_up(lead, ring) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    over = {"state": "ended", "ended_at": noon}
    with time_machine.travel(noon, tick=False):
        for waited in (5, 20, 21):
            ring(
                **over, ringing_at=noon - timedelta(minutes=5), answered_at=noon - timedelta(minutes=5, seconds=-waited)
            )
        ring(**over, ringing_at=noon, end_reason="abandoned")
        ring(**over, ringing_at=noon, end_reason="abandoned", short_abandon=True)
        ring(**over, ringing_at=noon, end_reason="forwarded")
        yesterday = noon - timedelta(days=1)
        ring(**over, ringing_at=yesterday, answered_at=yesterday)
        assert "50 % heute in 20 s angenommen 2 von 4 Anrufen" in seen(lead.get("/leitstand/"))["lead-figures"]


def test_a_fetched_part_is_what_a_full_load_shows(lead, ring, ready) -> None:
    ready("agent", "agent2")
    ring(is_controlled=True)
    post(lead, "lage", text="Stromausfall in Soest")
    full, parts = lead.get("/leitstand/"), lead.get(PARTS, headers=FRAGMENT)
    assert regions(full) == regions(parts)
    assert set(regions(parts)) == set(IDS)


def test_the_number_of_queries_does_not_grow(lead, ring, ready) -> None:
    ready("agent")
    ring(is_controlled=True)
    with CaptureQueriesContext(connection) as few:
        lead.get(PARTS)
    ready("agent2", "supervisor")
    for _ in range(lead_queries.SHOWN + 5):
        ring(is_controlled=True)
    with CaptureQueriesContext(connection) as many:
        answer = lead.get(PARTS)
    assert len(many) == len(few)
    assert answer.content.decode().count("Zu mir holen: ") == lead_queries.SHOWN
    assert f"die ersten {lead_queries.SHOWN} von {lead_queries.SHOWN + 6}" in seen(answer)["lead-waiting"]


def test_agents_are_refused_and_other_centres_do_not_exist(desk, lead, ring, ready, people, places) -> None:
    ready("agent", "agent2")
    call = ring(is_controlled=True)
    deeds = [
        f"person/{people['agent2'].pk}/break",
        f"anruf/{call.public_id}/first",
        "schliessen",
        "oeffnen",
        "lage",
        "lage/aufheben",
    ]
    for deed in deeds:
        data = {"text": "Streich", "reason": "Streich"}
        assert desk("agent").post(f"/leitstand/soest/{deed}/", data).status_code == 403
        assert lead.post(f"/leitstand/unna/{deed}/", data).status_code == 404
        assert lead.get(f"/leitstand/soest/{deed}/").status_code == 405
    assert desk("agent").get("/leitstand/").status_code == 403
    assert lead.get("/leitstand/unna/teile/").status_code == 404
    assert presence_of(people["agent2"]).state == "ready"


def test_of_another_centre_nothing_can_be_reached_through_ones_own(people, visit, ring, ready, places) -> None:
    from accounts.models import Membership
    from tenants import scope

    with scope.front(), transaction.atomic():
        person = people["agent.unna"]
        unna = places["unna"].centre
        Membership.objects.create(person=person, role="supervisor", person_name=person.name, centre=unna)
    ready("agent")
    call = ring(is_controlled=True)
    olga = visit("agent.unna", "desk.localhost")
    assert olga.post(f"/leitstand/unna/anruf/{call.public_id}/first/").status_code == 404
    assert olga.post(f"/leitstand/unna/person/{people['agent'].pk}/break/", {"reason": "x"}).status_code == 404
    page = text_of(olga.get("/leitstand/").content.decode())
    assert "Servicecenter Unna" in page
    assert "Jana" not in page


def test_a_break_is_read_where_it_was_set_and_at_the_persons_desk(desk, lead, ready, people) -> None:
    ready("agent")
    path = f"person/{people['agent'].pk}/"
    assert said(post(lead, path + "break", reason="Besprechung")) == "Jana Köster ist in Pause."
    assert "Sie sind in Pause: Besprechung (Beate Hüsing)." in desk("agent").get("/").content.decode()
    assert said(post(lead, path + "away", reason="Feierabend")) == "Jana Köster ist abgemeldet."
    assert "Sie sind abgemeldet: Feierabend (Beate Hüsing)." in desk("agent").get("/").content.decode()
    refused = post(lead, path + "break")
    assert refused.status_code == 409
    assert said(refused).startswith("Bitte einen Grund angeben")
    assert post(lead, path + "ready", reason="x").status_code == 409


def test_a_caller_is_put_first_and_fetched(lead, ring, people) -> None:
    from telephony_bridge.models import ExchangeCommand
    from tenants import scope

    now = timezone.now()
    ring(is_controlled=True, ringing_at=now - timedelta(seconds=60))
    second = ring(is_controlled=True, ringing_at=now - timedelta(seconds=30))
    path = f"anruf/{second.public_id}/"
    answer = post(lead, path + "first")
    assert said(answer) == "Der Anruf steht jetzt vorn."
    first_row = re.findall(r"<tr>.*?</tr>", regions(answer)["lead-waiting"])[1]
    assert f"pull-{second.public_id}" in first_row
    refused = post(lead, path + "pull")
    assert (refused.status_code, said(refused).startswith("Für Sie ist kein Telefon hinterlegt")) == (409, True)
    with scope.owner(), transaction.atomic():
        type(people["supervisor"]).objects.filter(pk=people["supervisor"].pk).update(phone_user="leitung")
    assert said(post(lead, path + "pull")) == "Ihr Telefon klingelt gleich."
    assert post(lead, path + "hang_up").status_code == 404
    with scope.telephony():
        assert list(ExchangeCommand.objects.order_by("pk").values_list("verb", flat=True)) == ["first", "pull"]


def test_a_colleagues_talk_is_taken_over_and_the_colleague_reads_by_whom(desk, lead, ring, ready, people) -> None:
    from telephony_bridge.actions.taking_over import let_write_up
    from telephony_bridge.models import Call
    from tenants import scope

    ready("agent")
    jana, beate, now = people["agent"], people["supervisor"], timezone.now()
    talk = {"state": "talking", "is_controlled": True, "agent_id": jana.pk, "agent_name": jana.name, "answered_at": now}
    call = ring(**talk, from_number="+491701234567")
    ring(**talk, phase="consulting", phase_since=now)
    ring(**{**talk, "is_controlled": False})
    ring(**{**talk, "agent_id": beate.pk, "agent_name": beate.name})
    page = regions(lead.get("/leitstand/"))["lead-talking"]
    assert re.findall(r'id="take-([^"]+)"', page) == [call.public_id]
    assert 'data-confirm="Jana Köster spricht mit 0170 1234567. ' in page
    path = f"anruf/{call.public_id}/take_over"
    assert said(post(lead, path)).startswith("Für Sie ist kein Telefon hinterlegt")
    with scope.owner(), transaction.atomic():
        type(beate).objects.filter(pk=beate.pk).update(phone_user="leitung")
    assert said(post(lead, path)) == "Sie sind selbst im Gespräch. Beenden Sie es zuerst."
    with scope.telephony(), transaction.atomic():
        Call.objects.exclude(pk=call.pk).update(state="ended")
    assert (
        said(post(lead, path))
        == "Ihr Telefon klingelt gleich. Sobald Sie abheben, sprechen Sie mit der anrufenden Person."
    )
    assert desk("agent").post(f"/leitstand/soest/{path}/").status_code == 403
    with scope.telephony(), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(agent_id=beate.pk, agent_name=beate.name)
        let_write_up(Call.objects.get(pk=call.pk), jana.pk, now)
    board = desk("agent").get("/").content.decode()
    assert 'data-word="Beate Hüsing hat das Gespräch übernommen."' in board
    assert "Beate Hüsing hat das Gespräch übernommen</span>" in board
    desk("agent").post("/praesenz/", {"presence": "ready"})
    assert "übernommen" not in desk("agent").get("/").content.decode()


def test_closing_stands_on_all_desks_until_it_is_opened(desk, lead) -> None:
    answer = post(lead, "schliessen", text="Brandalarm <im> Haus")
    assert said(answer) == "Servicecenter Soest ist geschlossen."
    assert "Brandalarm &lt;im&gt; Haus" in regions(answer)["lead-closing"]
    for path in ("/", "/anruf/"):
        page = desk("agent").get(path).content.decode()
        assert 'data-words="Das Servicecenter ist sofort geschlossen: Brandalarm &lt;im&gt; Haus"' in page
    assert said(post(lead, "oeffnen")) == "Servicecenter Soest ist wieder geöffnet."
    assert "data-notice" not in desk("agent").get("/").content.decode()
    page = text_of(lead.get("/leitstand/").content.decode())
    assert "Frühere Meldungen Sofort-Schließung : Brandalarm" in page


@pytest.mark.parametrize(("until", "status"), [("16:30", 200), ("11:59", 409), ("soon", 409), ("25:00", 409)])
def test_a_closing_until_a_time_of_today(lead, until, status) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    with time_machine.travel(noon, tick=False):
        answer = post(lead, "schliessen", text="Störung", until=until)
    assert answer.status_code == status
    assert ("bis 16:30" in seen(answer)["lead-closing"]) is (status == 200)


def test_a_situation_stands_on_all_desks_until_it_is_cleared(desk, lead) -> None:
    assert post(lead, "lage", text="").status_code == 409
    post(lead, "lage", text="Stromausfall in Soest, Netzbetreiber informiert.")
    assert "Lage: Stromausfall in Soest" in desk("agent").get("/anruf/").content.decode()
    post(lead, "lage/aufheben")
    assert "data-notice" not in desk("agent").get("/anruf/").content.decode()


def test_without_scripts_a_deed_leads_back_to_the_page(lead) -> None:
    answer = lead.post("/leitstand/soest/lage/", {"text": "Stromausfall"})
    assert (answer.status_code, answer["Location"]) == (302, "/leitstand/?servicecenter=soest")
    assert "Die Lage steht an allen Arbeitsplätzen." in lead.get("/leitstand/").content.decode()


def test_what_the_exchange_has_not_done_is_told_to_whom_it_concerns_for_a_moment(lead, ring, people) -> None:
    from telephony_bridge.models import ExchangeCommand
    from tenants import scope

    with scope.owner(), transaction.atomic():
        type(people["supervisor"]).objects.filter(pk=people["supervisor"].pk).update(phone_user="leitung")
    call, now = ring(is_controlled=True), timezone.now()
    post(lead, f"anruf/{call.public_id}/pull")
    with time_machine.travel(now, tick=False) as clock:
        for result, word in (("done", ""), ("refused", "Das ging nicht"), ("late", "Die Telefonanlage war nicht")):
            with scope.telephony():
                ExchangeCommand.objects.update(done_at=now, result=result)
            assert seen(lead.get(PARTS))["lead-unheard"].startswith(word)
            assert bool(seen(lead.get(PARTS))["lead-unheard"]) is bool(word)
        clock.shift(timedelta(minutes=1))
        assert seen(lead.get(PARTS))["lead-unheard"] == ""
