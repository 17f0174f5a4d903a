"""POST /api/v1/cti/<token>: what is answered, what is stored, what the desks are told."""

import json

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from telephony_bridge import actions
from telephony_bridge.models import Call, CtiEvent, Presence
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import NumberPrefix


@pytest.fixture
def token(soest):
    return actions.give_token(centre=soest.centre, acting_user=SYSTEM)


@pytest.fixture
def post(token):
    """post(event="newCall", …) as a form, or post(raw=b"…", kind="application/json"); raises what a server would answer 500 for."""
    client = Client(headers={"host": "localhost"})

    def send(raw=None, kind="application/x-www-form-urlencoded", to_token=token, **fields):
        path = f"/api/v1/cti/{to_token}"
        if raw is not None:
            return client.post(path, raw, content_type=kind)
        fields = {name.rstrip("_"): value for name, value in fields.items()}
        return client.post(path, json.dumps({"callId": "c1"} | fields), content_type="application/json")

    return send


def call(external_id="c1"):
    with scope.telephony():
        return Call.objects.select_related("municipality").get(external_id=external_id)


def results():
    with scope.telephony():
        return list(CtiEvent.objects.order_by("pk").values_list("event", "result"))


@pytest.mark.parametrize(
    ("to", "slug"),
    [
        ("029211030", "soest"),
        ("02921300", "kreis"),
        ("+49 2921 30-1234", "kreis"),
        ("00492921103", "soest"),
        ("sip:029211030@pbx", "soest"),
        ("+49 2941 980-0", None),
        ("02303 103-0", None),
        ("02921 305678901", None),
        ("", None),
        ("Buergertelefon", None),
    ],
)
def test_the_called_number_says_the_municipality(post, to, slug, news):
    assert post(event="newCall", to=to, from_="01713920047").status_code == 200
    made = call()
    assert (made.municipality.slug if made.municipality else None) == slug
    assert (made.state, made.from_number) == ("ringing", "+491713920047")
    assert made.evidence["kind"] == ("to" if slug else made.evidence["kind"])
    assert news() == [("call", made.public_id, "new")]


def test_a_joining_municipality_is_not_named_not_even_in_the_evidence(post, places):
    post(event="newCall", to="+49 2941 980-0")
    assert call().municipality is None
    assert call().to_number == "+4929419800"
    assert "ippstadt" not in json.dumps(call().evidence)


def test_a_number_counts_only_when_it_was_confirmed(post, soest):
    with scope.operator():
        NumberPrefix.objects.create(municipality=soest, prefix="+492921777", max_length=13)
    post(event="newCall", to="029217770")
    assert call().municipality is None


def test_a_municipalitys_own_exchange_speaks_for_it_alone(post, soest, places):
    own = actions.give_token(centre=soest.centre, municipality=soest, acting_user=SYSTEM)
    post(event="newCall", to="02921300", to_token=own)  # the Kreis's number
    assert call().municipality.slug == "soest"
    joining = places["lippstadt"]
    theirs = actions.give_token(centre=joining.centre, municipality=joining, acting_user=SYSTEM)
    post(event="newCall", to="029419800", to_token=theirs)
    with scope.telephony():
        assert Call.objects.get(source__municipality=joining).municipality is None


def test_withheld_numbers_are_not_stored_as_numbers(post):
    post(event="newCall", to="029211030", from_="anonymous")
    assert (call().from_number, call().from_raw) == ("", "anonymous")


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"event=newCall&callId=1&to=029211030", "application/x-www-form-urlencoded", 200),
        (b'{"event":"newCall","call_id":"1","to":"029211030"}', "application/json", 200),
        (b'{"event":"answer","callid":"gone","user":["a","b"]}', "application/json", 200),
        (b"event=hangup&callId=gone&cause=cancel", "application/x-www-form-urlencoded", 200),
        (b'{"event":"explode","callId":"1"}', "application/json", 422),
        (b'{"event":"newCall"}', "application/json", 422),
        (b'{"event":"newCall","callId":["1"]}', "application/json", 422),
        (b'{"event":"newCall","callId":"1","to":{}}', "application/json", 422),
        (b"[1]", "application/json", 422),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"just words", "application/x-www-form-urlencoded", 400),
        (b"<xml/>", "application/xml", 415),
        (b"x" * 65_537, "application/json", 413),
        (b"", "application/json", 422),
    ],
)
def test_the_answer_to_each_kind_of_message(post, raw, kind, status):
    response = post(raw=raw, kind=kind)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {} if status == 200 else len(response.json()["error"]) > 10
    with scope.telephony():
        assert CtiEvent.objects.exists() == (status == 200)


@pytest.mark.parametrize("wrong", ["nope", "x" * 5000, "%FF", "ä", "a%00b"])
def test_a_bad_token_is_refused(post, wrong):
    response = post(event="newCall", to_token=wrong)
    assert response.status_code == 401
    assert "Token" in response.json()["error"]


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post(post, token, method):
    response = getattr(Client(headers={"host": "localhost"}), method)(f"/api/v1/cti/{token}")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "host", ["localhost", "desk.localhost", "soest.localhost", "127.0.0.1:8000", "nobody.localhost"]
)
def test_on_every_host_and_without_a_session(token, host):
    response = Client(headers={"host": host}).post(
        f"/api/v1/cti/{token}", '{"event": "newCall", "callId": "c1"}', content_type="application/json"
    )
    assert response.status_code == 200
    assert not response.cookies


def test_a_database_that_is_away_means_try_again(post, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(actions, "receive", away)
    response = post(event="newCall")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_the_same_message_twice_changes_nothing(post, news):
    for _ in range(3):
        assert post(event="newCall", to="029211030").status_code == 200
    assert len(news()) == 1
    assert results() == [("new_call", "created"), ("new_call", "duplicate"), ("new_call", "duplicate")]


def test_hung_up_while_it_rings(post, news):
    post(event="newCall", to="029211030")
    post(event="hangup", cause="cancel")
    post(event="hangup", cause="cancel")
    assert (call().state, call().end_reason, call().outcome, call().short_abandon) == (
        "ended",
        "abandoned",
        "abandoned",
        True,
    )
    assert [op for _kind, _id, op in news()] == ["new", "ended"]


@pytest.fixture
def jana(people):
    with scope.front():
        Person.objects.filter(pk=people["agent"].pk).update(phone_user="jana.koester")
        Person.objects.filter(pk=people["agent2"].pk).update(phone_user="23")
        Person.objects.filter(pk=people["agent.unna"].pk).update(phone_user="olga")
    return people["agent"]


@pytest.mark.parametrize(
    "said", [{"user": "jana.koester"}, {"user": ["other", "Jana.Koester "]}, {"answeringNumber": "jana.koester"}]
)
def test_an_answer_puts_the_call_on_that_agents_desk(post, jana, at_desk, soest, said):
    with at_desk("agent"):
        actions.set_presence(soest.centre, "ready", acting_user=jana)
    post(event="newCall", to="029211030")
    post(event="answer", **said)
    assert (call().state, call().agent_id, call().agent_name) == ("talking", jana.pk, "Jana Köster")
    with scope.telephony():
        assert Presence.objects.get(person_id=jana.pk).state == "busy"
    post(event="hangup", cause="normalClearing")
    assert call().state == "wrap-up"
    assert call().wrap_up_until > call().wrap_up_at == call().hung_up_at
    with scope.telephony():
        assert Presence.objects.get(person_id=jana.pk).state == "wrap-up"


def test_an_agent_of_another_centre_is_nobody_here(post, jana):
    post(event="newCall", to="029211030")
    post(event="answer", user="olga")
    assert call().agent_id is None


def test_an_answer_by_a_second_user_moves_the_call(post, jana, people):
    post(event="newCall", to="029211030")
    post(event="answer", user="jana.koester")
    post(event="answer", user="23")
    assert call().agent_id == people["agent2"].pk
    with scope.telephony():
        assert Presence.objects.get(person_id=jana.pk).state != "busy"
        assert Presence.objects.get(person_id=people["agent2"].pk).state == "busy"


def test_an_answer_of_the_exchange_keeps_what_the_desk_has_claimed(post, jana, at_desk):
    post(event="newCall", to="029211030")
    with at_desk("agent"):
        assert actions.claim_call(call_in_scope(), acting_user=jana).won
    post(event="answer", user="sip-trunk-7")  # a peer that is nobody's
    assert call().agent_id == jana.pk
    post(event="hangup", cause="normalClearing")
    assert call().state == "wrap-up"


def call_in_scope():
    return Call.objects.get(external_id="c1")


def test_calls_of_the_staff_are_no_calls_of_citizens(post):
    post(event="newCall", direction="out", to="01713920047", from_="029211030")
    post(event="answer", direction="out", user="23")
    post(event="hangup", direction="out")
    with scope.telephony():
        assert not Call.objects.exists()
        assert CtiEvent.objects.count() == 3


def test_a_call_that_staff_make_stays_outgoing_when_the_direction_is_left_out_later(post, jana):
    post(event="newCall", direction="out", to="01713920047")
    post(event="answer", user="jana.koester")
    post(event="hangup")
    with scope.telephony():
        assert not Call.objects.exists()
    assert [result for _event, result in results()] == ["outgoing"] * 3


def test_an_answer_before_its_call_is_on_the_desk_and_gets_its_name_later(post, jana, news):
    post(event="answer", user="jana.koester")
    assert (call().state, call().agent_id, call().municipality) == ("talking", jana.pk, None)
    post(event="newCall", to="029211030", from_="01713920047")
    assert (call().state, call().municipality.slug, call().from_number) == ("talking", "soest", "+491713920047")
    assert call().evidence == {"kind": "to", "number": "+4929211030", "prefix": "+492921103"}
    assert [op for kind, _id, op in news() if kind == "call"] == ["new", "changed"]


def test_a_call_that_was_over_before_it_was_known_rings_nowhere(post, news):
    post(event="hangup", cause="cancel")
    post(event="newCall", to="029211030")
    assert (call().state, call().end_reason, call().municipality.slug) == ("ended", "abandoned", "soest")
    assert news() == []


def test_answered_at_a_telephone_that_is_nobodys_an_agent_may_still_take_it(post, jana, at_desk):
    post(event="newCall", to="029211030")
    post(event="answer", user="sip-trunk-7")
    assert (call().state, call().agent_id) == ("talking", None)
    with at_desk("agent"):
        assert actions.claim_call(call_in_scope(), acting_user=jana).won
    post(event="hangup")
    assert call().state == "wrap-up"


def test_what_was_answered_at_the_telephone_cannot_be_given_back(post, jana, at_desk):
    post(event="newCall", to="029211030")
    post(event="answer", user="jana.koester")
    with at_desk("agent"), pytest.raises(Refusal, match="am Telefon schon angenommen"):
        actions.release_call(call_in_scope(), acting_user=jana)


def test_what_comes_in_disorder_ends_as_it_should(post, jana):
    post(event="hangup", cause="normalClearing")
    post(event="answer", user="jana.koester")
    post(event="newCall", to="029211030", from_="01713920047")
    assert call().state in {"wrap-up", "ended"}
    assert (call().municipality.slug, call().from_number) == ("soest", "+491713920047")


def test_answer_and_hangup_need_no_numbers(post, jana):
    post(event="newCall", to="029211030", from_="01713920047")
    post(event="answer", user="jana.koester")
    post(event="hangup")
    assert (call().municipality.slug, call().from_number, call().to_number) == ("soest", "+491713920047", "+4929211030")


def test_what_the_exchange_says_of_its_last_message_is_remembered(post, soest):
    post(event="newCall", to="029211030")
    with scope.telephony():
        assert call().source.last_event_at is not None


def test_the_desk_of_another_centre_and_other_municipalities_see_nothing(post, at_desk, places):
    post(event="newCall", to="029211030")
    with at_desk("agent"):
        assert Call.objects.count() == 1
    with at_desk("agent.unna"):
        assert Call.objects.count() == 0
    from django.db import transaction

    for slug, seen in [("soest", 1), ("kreis", 0), ("unna", 0)]:
        with scope.municipality(places[slug].schema_name), transaction.atomic():
            assert Call.objects.count() == seen


words = (
    st.text(max_size=40)
    | st.integers()
    | st.none()
    | st.booleans()
    | st.floats()
    | st.lists(st.text(max_size=5), max_size=3)
)
names = st.sampled_from(
    [
        "event",
        "callId",
        "call_id",
        "from",
        "to",
        "user",
        "user[]",
        "queue",
        "cause",
        "direction",
        "answeringNumber",
        "x",
    ]
)
bodies = (
    st.binary(max_size=400)
    | st.dictionaries(names, words).map(lambda d: json.dumps(d).encode())
    | st.builds(
        lambda event, rest: json.dumps(rest | {"event": event, "callId": "f"}).encode(),
        st.sampled_from(["newCall", "answer", "hangup"]),
        st.dictionaries(names, st.text(max_size=300)),
    )
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=bodies,
    kind=st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""]
    ),
)
def test_no_body_is_a_crash(post, raw, kind):
    assert post(raw=raw, kind=kind).status_code in {200, 400, 413, 415, 422}


@pytest.mark.parametrize(("event", "statements"), [("newCall", 8), ("answer", 14), ("hangup", 7)])
def test_a_report_costs_few_round_trips(post, jana, event, statements, django_assert_max_num_queries):
    """The request must take 25 ms at most; each statement is one."""
    post(
        event="newCall", callId="first", to="029211030"
    )  # the first of ten seconds also says that the exchange is there
    if event != "newCall":
        post(event="newCall", to="029211030")
    with django_assert_max_num_queries(statements):
        post(event=event, to="029211030", user="jana.koester")


@pytest.mark.parametrize("event", ["newCall", "answer", "hangup"])
def test_the_centres_counter_is_held_for_the_commit_only(post, jana, event):
    """Whoever has told the centre something holds up its other calls until the commit."""
    if event != "newCall":
        post(event="newCall", to="029211030")
    with CaptureQueriesContext(connection) as statements:
        post(event=event, to="029211030", user="jana.koester")
    told = [query["sql"] for query in statements if "SAVEPOINT" not in query["sql"]]
    assert "tell_centre" in told[-1]


def test_the_first_message_after_a_silence_is_remembered_before_other_locks_are_taken(post):
    """Two first calls at once would otherwise wait for each other: one for the exchange's row, one for the centre's counter."""
    with CaptureQueriesContext(connection) as statements:
        post(event="newCall", to="029211030")
    writes = [query["sql"] for query in statements if query["sql"].startswith(("INSERT", "UPDATE"))]
    assert writes[0].startswith('UPDATE "telephony_bridge_source"')
    assert len(writes) == 3
