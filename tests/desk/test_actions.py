"""What agents do: each deed by its POST, twice, by two at once, and by those who may not."""

import re

import pytest
from django.db import transaction

from tests.desk.test_page import FRAGMENT, parts


def post(client, call, deed, data=None):
    return client.post(f"/anruf/{call.public_id}/{deed}/", data or {}, headers=FRAGMENT)


def stored(call):
    from telephony_bridge.models import Call
    from tenants import scope

    with scope.telephony():
        return Call.objects.get(pk=call.pk)


def said(response) -> str:
    found = re.search(r"<p data-say[^>]*>(.*?)</p>", response.content.decode())
    return found[1] if found else ""


@pytest.fixture
def talking(desk, ready, ring):
    """The first agent's desk with a call in conversation."""
    ready("agent", "agent2")
    client, call = desk(), ring()
    post(client, call, "annehmen")
    return client, call


def test_deeds_need_a_token(visit, ready, ring) -> None:
    ready("agent")
    client = visit("agent", "desk.localhost", enforce_csrf_checks=True)
    call = ring()
    assert post(client, call, "annehmen").status_code == 403
    assert stored(call).state == "ringing"


def test_deeds_are_posts(desk, ready, ring) -> None:
    ready("agent")
    client, call = desk(), ring()
    for deed in (
        "annehmen",
        "zurueck",
        "kommune",
        "nachbearbeitung",
        "laenger",
        "weitergeleitet",
        "entwurf",
        "abschluss",
    ):
        assert client.get(f"/anruf/{call.public_id}/{deed}/").status_code == 405
    assert client.get("/praesenz/").status_code == 405


def test_the_first_who_accepts_has_the_call_and_the_other_is_told(desk, ready, ring) -> None:
    ready("agent", "agent2")
    call = ring()
    first, second = desk("agent"), desk("agent2")
    won = post(first, call, "annehmen")
    assert (won.status_code, said(won)) == (200, "")
    assert 'data-state="talking"' in parts(won)["calls"]
    lost = post(second, call, "annehmen")
    assert (lost.status_code, said(lost)) == (409, "Jana Köster hat den Anruf angenommen.")
    assert call.public_id not in parts(lost)["calls"]
    again = post(first, call, "annehmen")
    assert again.status_code == 200
    assert stored(call).agent_name == "Jana Köster"


def test_without_scripts_a_deed_leads_back_to_the_page(desk, ready, ring) -> None:
    ready("agent")
    client, call = desk(), ring()
    answer = client.post(f"/anruf/{call.public_id}/annehmen/")
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_others_read_who_has_taken_the_call(desk, ready, ring) -> None:
    ready("agent", "agent2")
    call = ring()
    other = desk("agent2")
    assert "data-ended" not in other.get(f"/anruf/?seen={call.public_id}").content.decode()
    post(desk("agent"), call, "annehmen")
    page = other.get(f"/anruf/?seen={call.public_id}").content.decode()
    assert f'<p data-ended="{call.public_id}" hidden>Jana Köster hat den Anruf für Stadt Soest angenommen.</p>' in page


def test_a_declined_call_rings_on_for_the_others_only(desk, ready, ring) -> None:
    ready("agent", "agent2")
    call, client = ring(), desk()
    answer = post(client, call, "zurueck")
    assert call.public_id not in parts(answer)["calls"]
    assert f'data-call-id="{call.public_id}"' in parts(answer)["side"]  # it can still be taken from the queue
    assert call.public_id not in parts(client.get("/"))["calls"]
    assert call.public_id in parts(desk("agent2").get("/"))["calls"]


def test_a_call_that_was_accepted_by_mistake_rings_again(desk, talking) -> None:
    client, call = talking
    answer = post(client, call, "zurueck")
    assert said(answer) == "Der Anruf steht wieder in der Warteschlange."
    assert stored(call).state == "ringing"
    assert call.public_id in parts(desk("agent2").get("/"))["calls"]


def test_wrap_up_keeps_what_was_typed_until_it_is_closed(talking) -> None:
    client, call = talking
    assert (
        post(
            client,
            call,
            "entwurf",
            {"concern": "Sperrmüll", "concern_kind": "article", "concern_key": "soest:sperrmuell"},
        ).status_code
        == 204
    )
    form = parts(post(client, call, "nachbearbeitung"))["closing"]
    assert 'value="Sperrmüll"' in form
    assert 'value="answered" checked' in form
    assert post(client, call, "entwurf", {"note": "Bitte <b>prüfen</b>"}).status_code == 204
    assert "Bitte &lt;b&gt;prüfen&lt;/b&gt;" in client.get("/").content.decode()
    closed = post(client, call, "abschluss", {"concern": "Sperrmüll", "outcome": "callback", "note": "x"})
    assert said(closed) == "Abgeschlossen: Anruf für Stadt Soest."
    row = stored(call)
    assert (row.state, row.outcome, row.concern_key, row.note) == ("ended", "callback", "soest:sperrmuell", "x")
    assert post(client, call, "abschluss", {"outcome": "callback"}).status_code == 200
    assert "Sperrmüll" in parts(client.get("/"))["info"]


def test_closing_without_an_outcome_or_with_junk_is_refused_in_words(talking) -> None:
    client, call = talking
    post(client, call, "nachbearbeitung")
    for junk in ({"outcome": "fliegen"}, {"note": "x" * 3000}, {"concern": "x" * 201}):
        answer = post(client, call, "abschluss", {"outcome": "answered"} | junk)
        assert answer.status_code == 409
        assert said(answer)
    assert stored(call).state == "wrap-up"


def test_the_clock_can_be_stopped(talking) -> None:
    client, call = talking
    with_clock = parts(post(client, call, "nachbearbeitung"))["calls"]
    assert "data-until" in with_clock
    assert "Länger brauchen" in with_clock
    answer = post(client, call, "laenger")
    assert "data-until" not in parts(answer)["calls"]
    assert stored(call).wrap_up_until is None


def test_closing_may_end_in_a_break(talking) -> None:
    client, call = talking
    post(client, call, "nachbearbeitung")
    after = parts(post(client, call, "abschluss", {"outcome": "answered", "then": "break"}))
    assert re.search(r'value="break"[^>]* checked', after["presence"])
    assert 'data-place="idle"' in after["calls"]


def test_presence_during_a_call_is_meant_for_afterwards(talking) -> None:
    client, _call = talking
    answer = client.post("/praesenz/", {"presence": "break"}, headers=FRAGMENT)
    assert "Danach" in parts(answer)["presence"]
    assert re.search(r'value="break"[^>]* checked', parts(answer)["presence"])
    assert 'data-state="talking"' in parts(answer)["calls"]
    assert client.post("/praesenz/", {"presence": "busy"}, headers=FRAGMENT).status_code == 409


def test_a_transfer_is_noted_and_can_be_taken_back(talking, publish, kreis) -> None:
    client, call = talking
    publish(kreis, "k1", "Entsorgungswirtschaft", kind="person", ext="1560", phone="02921 30-1560")
    page = client.get(f"/auskunft/kreis/person/k1/?call={call.public_id}").content.decode()
    assert re.search(r"Auskunft gehört zu .*Kreis Soest.*, der Anruf ist für .*Stadt Soest", page, re.DOTALL)
    assert 'aria-label="Weitergeleitet an 1560, Entsorgungswirtschaft, Kreis Soest"' in page
    assert 'aria-describedby="elsewhere"' in page
    answer = post(client, call, "weitergeleitet", {"entry": "person kreis:k1"})
    assert said(answer) == "Weitergeleitet an Entsorgungswirtschaft, Kreis Soest."
    assert stored(call).transferred_to == "Entsorgungswirtschaft, 02921 30-1560, Kreis Soest"
    form = parts(post(client, call, "nachbearbeitung"))["closing"]
    assert 'value="transferred" checked' in form
    post(client, call, "weitergeleitet", {"undo": "1"})
    assert (stored(call).outcome, stored(call).transferred_to) == ("", "")
    for junk in ("", "person", "person kreis:", "person lippstadt:k1", "x y:z"):
        assert post(client, call, "weitergeleitet", {"entry": junk}).status_code == 404


def test_missing_knowledge_goes_to_the_call_s_municipality(talking, people, soest, publish) -> None:
    from knowledge.pool.models import Gap
    from tenants import scope

    client, call = talking
    publish(soest, "a1", "Sperrmüllabfuhr")
    data = {
        "gap_municipality": "soest",
        "gap_title": "Höchstmenge",
        "gap_text": "Wie viel?",
        "gap_query": "kubik",
        "gap_entry": "soest:a1",
    }
    answer = client.post("/luecke/", data | {"call": call.public_id}, headers=FRAGMENT)
    assert said(answer) == "Wissenslücke gemeldet an die Redaktion von Stadt Soest."
    with scope.desk(people["agent"].pk), transaction.atomic():
        gap = Gap.objects.get()
        assert (gap.municipality.slug, gap.query, gap.entry_key, gap.call_id) == (
            "soest",
            "kubik",
            "a1",
            call.public_id,
        )
    assert (
        client.post("/luecke/", {"gap_municipality": "lippstadt", "gap_title": "x"}, headers=FRAGMENT).status_code
        == 409
    )
    assert client.post("/luecke/", {"gap_municipality": "soest", "gap_title": " "}, headers=FRAGMENT).status_code == 409


def test_an_open_report_is_sent_with_the_closing_and_nothing_is_closed_when_it_fails(talking, people) -> None:
    from knowledge.pool.models import Gap
    from tenants import scope

    client, call = talking
    post(client, call, "nachbearbeitung")
    too_long = {"outcome": "answered", "gap_open": "1", "gap_title": "x" * 300}
    assert post(client, call, "abschluss", too_long).status_code == 409
    assert stored(call).state == "wrap-up"
    post(client, call, "abschluss", {"outcome": "answered", "gap_open": "1", "gap_title": "Höchstmenge"})
    assert stored(call).state == "ended"
    with scope.desk(people["agent"].pk), transaction.atomic():
        assert list(Gap.objects.values_list("title", "municipality__slug")) == [("Höchstmenge", "soest")]


def test_an_answer_to_an_own_report_is_shown_until_it_was_read(desk, ready, people, soest, publish) -> None:
    from knowledge.pool.actions import answer_gap
    from knowledge.pool.models import Gap
    from tenants import scope

    ready("agent")
    client = desk()
    client.post("/luecke/", {"gap_municipality": "soest", "gap_title": "Balkonkraftwerk"}, headers=FRAGMENT)
    publish(soest, "balkon", "Balkonkraftwerk anmelden")
    with scope.municipality(soest.schema_name), transaction.atomic():
        gap = Gap.objects.get()
        answer_gap(gap, entry_kind="article", entry_key="balkon", note="Steht jetzt da.", acting_user=people["editor"])
    idle = parts(client.get("/"))["calls"]
    assert "Ihre Meldung wurde beantwortet" in idle
    assert 'href="/auskunft/soest/article/balkon/"' in idle
    assert "Ihre Meldung wurde beantwortet" not in parts(desk("agent2").get("/"))["calls"]
    desk("agent2").post(f"/luecke/{gap.pk}/gelesen/", headers=FRAGMENT)
    assert "Steht jetzt da." in parts(client.get("/"))["calls"]
    assert "Steht jetzt da." not in parts(client.post(f"/luecke/{gap.pk}/gelesen/", headers=FRAGMENT))["calls"]


def test_settings_are_kept_with_the_person_and_checked(desk, people) -> None:
    from accounts.models import Person
    from tenants import scope

    client = desk()
    data = {"boxes": "1", "notify": "on", "sentence": "short", "density": "bequem", "theme": "dark", "device": "abc"}
    assert client.post("/konto/arbeitsplatz/", data, headers=FRAGMENT).status_code == 204
    assert client.post("/konto/arbeitsplatz/", {"keys": '{"accept": "F2"}'}, headers=FRAGMENT).status_code == 204
    for junk in ({"sentence": "laut"}, {"keys": "[1]"}, {"keys": '{"a": 1}'}, {"theme": "pink"}):
        assert client.post("/konto/arbeitsplatz/", junk, headers=FRAGMENT).status_code == 400
    with scope.front():
        kept = Person.objects.get(pk=people["agent"].pk).preferences
    assert kept == {
        "tone": False,
        "notify": True,
        "sentence": "short",
        "density": "bequem",
        "theme": "dark",
        "device": "abc",
        "keys": {"accept": "F2"},
    }
    page = client.get("/").content.decode()
    assert 'data-sentence="short" data-sink="off"' in page
    assert desk("editor").post("/konto/arbeitsplatz/", data).status_code == 403
