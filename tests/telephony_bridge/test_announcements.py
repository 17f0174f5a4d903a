"""What a municipality records for its callers: checked, kept whole, its own alone, and written down."""

import hashlib
import io
import wave
from contextlib import contextmanager, suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction

from telephony_bridge.actions import announcing
from telephony_bridge.announcement_models import BIGGEST_KEPT, Announcement
from telephony_bridge.asterisk import decoding, speech
from tenants import own_actions, scope
from tenants.errors import Refusal
from tenants.models import AuditEntry, Municipality
from tests.telephony_bridge.sounds import sine

HOST, LIST = "soest.localhost", "/einstellungen/ansagen/"


@contextmanager
def of(town):
    """In its own scope."""
    with scope.municipality(town.schema_name), transaction.atomic():
        yield


def upload(town, people, kind="closed", **given):
    given = {"name": "ansage.wav", "data": sine()} | given
    return announcing.upload_announcement(town, kind, **given, acting_user=people["admin"])


def log(*actions):
    return list(AuditEntry.objects.filter(action__in=actions).order_by("pk").values_list("action", "before", "after"))


DEEDS = ("upload_announcement", "remove_announcement")


def test_a_recording_is_kept_as_telephones_need_it_and_written_down(soest, people):
    with of(soest):
        made = upload(soest, people, data=sine(rate=44100))
        kept = Announcement.objects.get()
        [(action, before, after)] = log(*DEEDS)
    with wave.open(io.BytesIO(bytes(kept.audio))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
    assert (kept.pk, kept.name, kept.kind, kept.seconds) == (
        made.pk,
        "ansage.wav",
        "closed",
        pytest.approx(0.4, abs=0.1),
    )
    assert kept.sha256 == hashlib.sha256(bytes(kept.audio)).hexdigest()
    assert (kept.uploaded_by_id, kept.uploaded_by_name) == (people["admin"].pk, "Stefan Droste")
    assert (action, before) == ("upload_announcement", None)
    assert after == {"name": "ansage.wav", "seconds": kept.seconds, "sha256": kept.sha256}


def test_a_second_one_takes_the_place_of_the_first_and_the_same_again_changes_nothing(soest, people):
    with of(soest):
        first = upload(soest, people)
        second = upload(soest, people, name="neu.wav", data=sine(2))
        upload(soest, people, name="neu.wav", data=sine(2))
        upload(soest, people, "emergency")
        kept = {one.kind: one.name for one in Announcement.objects.all()}
        told = log(*DEEDS)
    assert (first.pk, kept) == (second.pk, {"closed": "neu.wav", "emergency": "ansage.wav"})
    assert len(told) == 3
    assert (told[1][1]["name"], told[1][2]["name"]) == ("ansage.wav", "neu.wav")


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("closed", b"", "keine Audiodatei"),
        ("closed", b"\x00\x00\x00\x20ftypisom" + bytes(500), "keine Audiodatei"),  # a video
        ("closed", b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(500), "keine Audiodatei"),  # another
        ("closed", sine(0.1), "kürzer als"),
        ("closed", sine(121), "länger als"),
        ("greeting", sine(), "gibt es nicht"),
    ],
)
def test_what_is_refused_leaves_what_was_there(soest, people, kind, data, said):
    with of(soest):
        before = upload(soest, people).sha256
        with pytest.raises(Refusal, match=said):
            upload(soest, people, kind, data=data)
        assert list(Announcement.objects.values_list("kind", "sha256")) == [("closed", before)]
        assert len(log(*DEEDS)) == 1


def test_the_longest_that_is_taken_fits(soest, people):
    with of(soest):
        assert BIGGEST_KEPT > len(upload(soest, people, data=sine(decoding.LONGEST - 0.1)).audio) > 1_900_000


def test_a_removed_one_is_gone_once(soest, people):
    with of(soest):
        made = upload(soest, people)
        assert announcing.remove_announcement(made, acting_user=people["admin"]) is True
        assert announcing.remove_announcement(made, acting_user=people["admin"]) is False
        assert not Announcement.objects.exists()
        assert [(action, after) for action, _before, after in log(*DEEDS)][1:] == [("remove_announcement", None)]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("C:\\Eigene Dateien\\Ansage neu.MP3", "Ansage neu.MP3"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n\u202ecod.wav", "abcod.wav"),
        ("<b>x</b>.wav", "b>.wav"),
        ("", "ohne Namen"),
        ("\x07", "ohne Namen"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_file_is_called_as_it_can_be_shown(name, kept):
    assert announcing.named(name) == kept


def test_at_most_so_many_are_converted_at_a_time(monkeypatch):
    monkeypatch.setattr(speech, "AT_MOST", 0.01)
    with speech.TURNS, speech.TURNS, pytest.raises(Refusal, match="andere Aufnahmen"):
        speech.converted(sine())


def test_of_two_at_once_one_whole_recording_is_left(in_threads, as_it_came):
    from accounts.models import Person

    def uploading(data):
        def work():
            with scope.front(), transaction.atomic():
                town, person = Municipality.objects.get(slug="soest"), Person.objects.get(email="admin@example.org")
            try:
                with of(town):
                    return upload(town, {"admin": person}, data=data).sha256
            except Refusal as refusal:
                return str(refusal)

        return work

    def stored():
        with scope.telephony(), transaction.atomic():
            return Announcement.objects.get()

    told = in_threads(uploading(sine(1)), uploading(sine(2)))
    [kept] = in_threads(stored)
    assert hashlib.sha256(bytes(kept.audio)).hexdigest() == kept.sha256
    assert kept.sha256 in told
    assert all(len(one) == 64 or one.startswith("Gerade hat jemand anderes") for one in told)


# Attacks: the municipality's own login, with statements that no page makes.


@pytest.fixture
def as_it_came(monkeypatch):
    """What a recording becomes is not the matter."""
    monkeypatch.setattr(speech, "converted", lambda data: data)


@pytest.fixture
def both(soest, kreis, people, as_it_came):
    """A recording of each, (Soest's, the Kreis's)."""
    with of(kreis):
        theirs = upload(kreis, people)
    with of(soest):
        return upload(soest, people), theirs


ATTACKS = {
    "write for another": "UPDATE telephony_bridge_announcement SET name = 'x' WHERE id = {theirs}",
    "take another's": "UPDATE telephony_bridge_announcement SET municipality_id = {soest} WHERE id = {theirs}",
    "give one's own away": "UPDATE telephony_bridge_announcement SET municipality_id = {kreis} WHERE id = {ours}",
    "speak in another's name": "INSERT INTO telephony_bridge_announcement (municipality_id, kind, name, audio, sha256, seconds, uploaded_at,"
    " uploaded_by_name) VALUES ({kreis}, 'emergency', 'x', '', repeat('a', 64), 1, now(), 'x')",
    "fill the disk": "UPDATE telephony_bridge_announcement SET audio = decode(repeat('00', 2000001), 'hex') WHERE id = {ours}",
    "name a file of the exchange": "UPDATE telephony_bridge_announcement SET sha256 = '../../etc/asterisk/x' WHERE id = {ours}",
    "delete by hand": "DELETE FROM telephony_bridge_announcement WHERE id = {ours}",
    "block others": "LOCK TABLE telephony_bridge_announcement IN ROW EXCLUSIVE MODE",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_change_nothing(soest, kreis, both, name):
    ours, theirs = both
    statement = ATTACKS[name].format(ours=ours.pk, theirs=theirs.pk, soest=soest.pk, kreis=kreis.pk)
    with of(soest), connection.cursor() as cursor, suppress(DatabaseError), transaction.atomic():
        cursor.execute(statement)
        assert cursor.rowcount == 0
    with scope.telephony():
        kept = {one.pk: (one.municipality_id, one.name, one.sha256) for one in Announcement.objects.all()}
    assert kept == {
        ours.pk: (soest.pk, "ansage.wav", ours.sha256),
        theirs.pk: (kreis.pk, "ansage.wav", theirs.sha256),
    }


def test_control_ones_own_can_be_written(soest, both):
    """Else the attacks would prove nothing."""
    with of(soest), connection.cursor() as cursor:
        cursor.execute("UPDATE telephony_bridge_announcement SET name = 'x' WHERE id = %s", [both[0].pk])
        assert cursor.rowcount == 1


def test_nobody_hears_or_removes_anothers(soest, people, both):
    _ours, theirs = both
    with of(soest):
        assert Announcement.objects.count() == 1
        assert announcing.remove_announcement(theirs, acting_user=people["admin"]) is False
    with scope.desk(people["agent"].pk), pytest.raises(DatabaseError), transaction.atomic():
        list(Announcement.objects.all())


# Pages


def sent(data=None, name="ansage.wav", kind="closed"):
    return {f"{kind}-audio": SimpleUploadedFile(name, sine() if data is None else data, "audio/wav")}


def test_the_page_says_what_callers_hear(visit, soest, people):
    client = visit("admin", HOST)
    with of(soest):
        own_actions.change_texts(soest, {"closed_text": "", "emergency": ""}, acting_user=people["admin"])
    page = client.get(LIST).content.decode()
    assert "Zurzeit hören Anrufende hier nichts." in page
    assert "Sie rufen außerhalb unserer Servicezeiten an." in page
    assert "Das ist der übliche Text" in page
    with of(soest):
        own_actions.change_texts(
            soest, {"closed_text": "Wir <i>sind</i> zu.", "emergency": "Feuer!"}, acting_user=people["admin"]
        )
    page = client.get(LIST).content.decode()
    assert "Wir &lt;i&gt;sind&lt;/i&gt; zu." in page
    assert "Feuer!" in page
    assert "üblicher Text" not in page


def test_upload_listen_replace_remove(visit, soest):
    client = visit("admin", HOST)
    answer = client.post(f"{LIST}closed/hochladen/", sent(), follow=True)
    page = answer.content.decode()
    assert "Die Aufnahme ist gespeichert" in page
    with of(soest):
        kept = Announcement.objects.get()
    assert f'src="{LIST}closed/anhoeren/?v={kept.sha256[:12]}"' in page
    heard = client.get(f"{LIST}closed/anhoeren/")
    assert (heard.content, heard["Content-Type"]) == (bytes(kept.audio), "audio/wav")
    assert heard["Cache-Control"] == "private, no-store"
    assert heard["X-Content-Type-Options"] == "nosniff"
    assert "Aufnahme ersetzen" in page
    question = client.get(f"{LIST}closed/entfernen/").content.decode()
    assert "„ansage.wav“ wird gelöscht" in question
    assert "Die Aufnahme ist entfernt." in client.post(f"{LIST}closed/entfernen/", follow=True).content.decode()
    assert client.get(f"{LIST}closed/anhoeren/").status_code == 404
    assert client.post(f"{LIST}closed/entfernen/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-1", 206, slice(0, 2), "bytes 0-1/{n}"),  # what Safari asks first
        ("bytes=100-", 206, slice(100, None), "bytes 100-{last}/{n}"),
        ("bytes=10-999999999", 206, slice(10, None), "bytes 10-{last}/{n}"),
        ("bytes=999999999-", 416, slice(0, 0), "bytes */{n}"),
        ("bytes=0-1,3-4", 200, slice(None), None),
        ("bytes=-5", 200, slice(None), None),
        ("items=0-1", 200, slice(None), None),
    ],
)
def test_players_may_ask_for_a_part(visit, soest, people, as_it_came, asked, status, part, told):
    with of(soest):
        audio = bytes(upload(soest, people).audio)
    answer = visit("editor", HOST).get(f"{LIST}closed/anhoeren/", headers={"range": asked})
    assert (answer.status_code, answer.content) == (status, audio[part])
    assert answer.headers.get("Content-Range") == (told and told.format(n=len(audio), last=len(audio) - 1))


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "leer"), (b"MZ" + bytes(99), "keine Audiodatei"), (sine(121), "länger als 120 Sekunden")],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_lost(visit, soest, people, data, said):
    with of(soest):
        before = upload(soest, people).sha256
    answer = visit("admin", HOST).post(f"{LIST}closed/hochladen/", sent(data))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page[page.index("error-summary") :]
    assert 'href="#id_closed-audio"' in page
    with of(soest):
        assert Announcement.objects.get().sha256 == before


def test_without_a_file_it_asks_for_one(visit):
    answer = visit("admin", HOST).post(f"{LIST}emergency/hochladen/")
    assert answer.status_code == 422
    assert "Bitte eine Datei auswählen." in answer.content.decode()


def test_another_municipality_has_no_such_page(visit, soest, people, as_it_came):
    with of(soest):
        upload(soest, people)
    stranger = visit("editor.kreis", HOST)
    assert {stranger.get(f"{LIST}{path}").status_code for path in ("", "closed/anhoeren/", "closed/entfernen/")} == {
        404
    }
    assert stranger.post(f"{LIST}closed/hochladen/", sent()).status_code == 404
    assert visit("editor.kreis", "kreis.localhost").get(f"{LIST}closed/anhoeren/").status_code == 404
    assert visit("reader", HOST).get(f"{LIST}closed/anhoeren/").status_code == 403


def test_its_address_is_no_folder(visit):
    for kind in ("greeting", "closed.wav", "..", "%2e%2e"):
        assert visit("admin", HOST).get(f"{LIST}{kind}/anhoeren/").status_code == 404
