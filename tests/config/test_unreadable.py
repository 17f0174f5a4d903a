"""What no browser sends, but anybody can: answered with 400, never with an error of ours, and nothing of it is kept."""

import pytest

DESK, SOEST = ("agent", "desk.localhost"), ("editor", "soest.localhost")
ADDRESSES = [
    (*DESK, "/auskunft/soest/article/a%00b/"),
    (*DESK, "/anruf/?seen=%00"),
    (*SOEST, "/wissen/%00/"),
    (*SOEST, "/wissen/%00/verlauf/1/holen/"),
    (*SOEST, "/verzeichnis/kontakte/%00/"),
    (*SOEST, "/verzeichnis/abteilungen/%00/verlauf/"),
    (None, "localhost", "/%00"),
]
GAP = {"gap_municipality": "soest", "gap_title": "Was fehlt"}
FORMS = [
    (*DESK, "/luecke/", GAP | {"call": "x\0y"}),
    (*DESK, "/luecke/", GAP | {"gap_entry": "soest:a\0y"}),
    (*DESK, "/konto/arbeitsplatz/", {"keys": "[" * 100_000}),
    (*DESK, "/konto/arbeitsplatz/", {"keys": '{"search": "\\u0000"}'}),
    (*DESK, "/konto/arbeitsplatz/", {"keys": '{"search": "\\ud800"}'}),
]


@pytest.mark.parametrize(("who", "host", "address"), ADDRESSES)
def test_addresses_with_a_nul(visit, who, host, address):
    assert visit(who, host).get(address).status_code == 400


@pytest.mark.parametrize(("who", "host", "address", "form"), FORMS)
def test_forms(visit, who, host, address, form):
    assert visit(who, host).post(address, form).status_code == 400


@pytest.mark.parametrize("name", ["rufverbund_session", "rufverbund_csrf"])
def test_a_cookie_with_a_nul(visit, name):
    client = visit(None, "desk.localhost")
    cookie = f'{name}="abc\\000defghijklmnop"'
    assert client.get("/", headers={"cookie": cookie}).status_code == 400
    assert client.get("/readyz", headers={"cookie": cookie}).status_code == 400


def test_a_passkey_of_ten_thousand_brackets(visit):
    answer = visit(None, "localhost").post("/konto/2fa/webauthn/login/", {"credential": "[" * 100_000})
    assert answer.status_code == 400


def test_what_was_begun_is_undone(visit, people):
    from accounts.models import Person
    from tenants import scope

    before = people["agent"].preferences
    visit("agent", "desk.localhost").post("/konto/arbeitsplatz/", {"keys": '{"search": "\\u0000"}'})
    with scope.front():
        assert Person.objects.get(pk=people["agent"].pk).preferences == before


@pytest.mark.parametrize(("charset", "status"), [("UTF-8", 302), ("rot13", 400), ("hex", 400), ("utf-7", 400)])
def test_a_form_has_the_letters_of_our_pages(visit, charset, status):
    """`rot13` is a codec of Python's and no charset, at which Django fails: for anybody, on every page that takes a form."""
    body = '--x\r\nContent-Disposition: form-data; name="language"\r\n\r\nde\r\n--x--\r\n'
    client = visit(*SOEST, raise_request_exception=False)
    answer = client.generic("POST", "/sprache/", body, f"multipart/form-data; boundary=x; charset={charset}")
    assert answer.status_code == status
