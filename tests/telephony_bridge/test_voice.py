"""The sounds of the bridge: recordings before texts, each under the name of what it says, and what fails is tried again."""

import errno
import hashlib
import os
import threading
import time

import pytest
from click.testing import CliRunner
from django.db import transaction

from config.commands import services
from telephony_bridge import receptions
from telephony_bridge.actions import announcing
from telephony_bridge.asterisk import announcements, reading
from telephony_bridge.asterisk.configuration.folder import Folder
from telephony_bridge.receptions import Voice, reception_of
from tenants import own_actions, scope
from tenants.errors import Refusal
from tenants.models import ServiceCentre
from tests.telephony_bridge.sounds import sine
from tests.telephony_bridge.test_announcements import of

AUDIO = sine(0.5)
SHA = hashlib.sha256(AUDIO).hexdigest()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def time(self):
        return time.time() + self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(receptions, "time", made)
    return made


@pytest.fixture
def voice(tmp_path, monkeypatch):
    """One whose texts are spoken only by `voice.turn()`, in the test's own thread."""
    monkeypatch.setattr(threading.Thread, "start", lambda _thread: None)
    made = Voice(tmp_path / "sounds")

    def turn():
        made.wanted.put(None)
        with pytest.raises(StopIteration):
            made._speak()

    def get(timeout):
        if (words := made.wanted.get_nowait()) is None:
            raise StopIteration
        return words

    made.turn, real = turn, made.wanted
    made.wanted = type(
        "Queue",
        (),
        {"get": staticmethod(get), "put_nowait": real.put_nowait, "put": real.put, "get_nowait": real.get_nowait},
    )()
    return made


def files(voice):
    return sorted(str(path.relative_to(voice.folder)) for path in voice.folder.rglob("*.*"))


def test_a_text_that_could_not_be_spoken_is_tried_again_after_longer_and_longer(voice, clock, monkeypatch):
    asked = []

    def spoken(text):
        asked.append(clock.now)
        if len(asked) < 4:
            raise [Refusal("keine Stimme"), OSError(errno.ENOSPC, "voll"), RuntimeError("unerwartet")][len(asked) - 1]
        return AUDIO

    monkeypatch.setattr(receptions.speech, "spoken", spoken)
    for _ in range(300):
        said = voice.say("Guten  Tag.")
        voice.turn()
        clock.now += 1
    assert [at - 1000 for at in asked] == [0, 30, 90, 210]
    assert said == (f"sound:{voice.folder / announcements.name_of_text('Guten Tag.')}",)


def test_what_has_succeeded_once_is_tried_again_soon_when_it_fails_again(voice, clock, monkeypatch):
    def broken(*_text):
        raise Refusal("Das geht nicht.")

    monkeypatch.setattr(receptions.speech, "spoken", broken)
    for _ in range(3):
        voice.play(SHA, broken)
        voice.say("Guten Tag.")
        voice.turn()
        clock.now += 4000
    monkeypatch.setattr(receptions.speech, "spoken", lambda _text: AUDIO)
    voice.say("Guten Tag.")
    voice.turn()
    assert voice.play(SHA, lambda: AUDIO) != ()
    assert voice.pauses == {}


def test_a_recording_is_written_once_as_a_whole_and_named_by_its_hash(voice):
    given = []

    def audio():
        given.append(1)
        return AUDIO

    media = voice.play(SHA, audio)
    assert media == voice.play(SHA, audio) == (f"sound:{voice.folder}/recorded/{SHA[:24]}",)
    assert (len(given), files(voice)) == (1, [f"recorded/{SHA[:24]}.wav"])
    assert (voice.folder / f"recorded/{SHA[:24]}.wav").read_bytes() == AUDIO


def test_a_recording_that_cannot_be_had_is_not_asked_for_all_the_time(voice, clock):
    asked = []

    def broken():
        asked.append(clock.now - 1000)
        raise Refusal("Die Aufnahme gibt es nicht mehr.")

    for _ in range(100):
        assert voice.play(SHA, broken) == ()
        clock.now += 2
    assert asked == [0, 30, 90]
    clock.now += 1000
    assert voice.play(SHA, lambda: AUDIO) != ()


def test_a_full_disk_leaves_no_half_recording(voice, monkeypatch):
    def full(_number):
        raise OSError(errno.ENOSPC, "voll")

    monkeypatch.setattr(announcements.os, "fsync", full)
    assert voice.play(SHA, lambda: AUDIO) == ()
    assert files(voice) == []  # nor a part of it


def test_a_folder_that_cannot_be_written_stops_nobody(voice):
    (voice.folder / "recorded").write_text("somebody's own file")
    assert voice.play(SHA, lambda: AUDIO) == ()
    voice.tidy()


def test_only_what_nobody_has_wanted_for_a_day_is_deleted(voice, clock):
    for sha in ("a" * 64, "b" * 64):
        voice.play(sha, lambda: AUDIO)
    (voice.folder / "closed.wav").write_bytes(AUDIO)  # of the exchange itself
    old = time.time() - 3 * 86_400
    for path in voice.folder.rglob("*.wav"):
        os.utime(path, (old, old))
    clock.time = time.time
    voice.play("a" * 64, lambda: AUDIO)
    voice.tidy()
    assert files(voice) == ["closed.wav", f"recorded/{'a' * 24}.wav"]


def test_more_texts_than_can_wait_hold_nobody_up(voice, monkeypatch):
    for number in range(receptions.TEXTS_AHEAD + 50):
        assert voice.say(f"Text {number}") == ()
    assert voice.say(f"Text {receptions.TEXTS_AHEAD + 10}") == ()


class Says:
    """A voice that has spoken everything already."""

    def __init__(self, *broken):
        self.broken, self.played = broken, []

    def say(self, text):
        return (text,) if text else ()

    def play(self, sha256, audio):
        self.played.append((sha256, audio()))
        return () if sha256 in self.broken else (sha256,)


@pytest.fixture(autouse=True)
def as_it_came(monkeypatch):
    """What a recording becomes is test_speech's matter."""
    monkeypatch.setattr(announcing.speech, "converted", lambda data: data)


def record(town, people, kind, seconds=0.5):
    with of(town):
        return announcing.upload_announcement(town, kind, name="x.wav", data=sine(seconds), acting_user=people["admin"])


@pytest.fixture
def written(soest, people):
    """Soest's texts."""
    with of(soest):
        texts = {"emergency": "Feuer!", "closed_text": "Wir sind zu."}
        own_actions.change_texts(soest, texts, acting_user=people["admin"])


def of_soest(soest, voice):
    with scope.telephony():
        found = reception_of(soest.centre_id, voice)
    return next(place for place in found.places if place.slug == "soest")


def test_a_recording_is_heard_instead_of_the_text_and_the_text_again_without_it(soest, people, written):
    assert (of_soest(soest, Says()).emergency, of_soest(soest, Says()).closed) == (("Feuer!",), ("Wir sind zu.",))
    made, voice = record(soest, people, "closed"), Says()
    place = of_soest(soest, voice)
    assert (place.emergency, place.closed) == (("Feuer!",), (made.sha256,))
    assert voice.played == [(made.sha256, bytes(made.audio))]
    assert of_soest(soest, Says(made.sha256)).closed == ("Wir sind zu.",)
    with of(soest):
        announcing.remove_announcement(made, acting_user=people["admin"])
    assert of_soest(soest, Says()).closed == ("Wir sind zu.",)


def test_audio_is_read_only_when_it_is_not_there_yet(soest, people, voice, monkeypatch):
    record(soest, people, "emergency")
    monkeypatch.setattr(receptions.speech, "spoken", lambda _text: AUDIO)
    assert of_soest(soest, voice).emergency != ()
    monkeypatch.setattr(receptions, "recorded_audio", lambda *_: pytest.fail("asked again"))
    assert of_soest(soest, voice).emergency != ()


def test_the_exchanges_own_files_have_the_recording_too(soest, people, written, tmp_path, monkeypatch):
    made, told = record(soest, people, "closed"), []
    monkeypatch.setattr(announcements.speech, "spoken", lambda text: text.encode())
    folder = Folder(tmp_path)
    centre = ServiceCentre(pk=soest.centre_id)
    said = reading.said_of(centre)
    announcements.make(folder, said, reading.audio_of, told.append)
    found = announcements.there(folder, said)
    heard = {
        key: (tmp_path / "sounds" / f"{path}.wav").read_bytes() for key, path in found.items() if key[0] == "soest"
    }
    assert heard == {("soest", "closed"): bytes(made.audio), ("soest", "emergency"): b"Feuer!"}
    assert (tmp_path / "sounds" / "closed.wav").read_bytes() == announcements.usual().encode()
    place = next(place for place in reading.places_of(centre, found) if place.slug == "soest")
    assert place.closed == str(tmp_path / "sounds" / made.sha256[:24])
    assert told == []


def test_a_recording_that_is_gone_meanwhile_is_told_and_the_text_is_spoken(
    soest, people, written, tmp_path, monkeypatch
):
    made, told = record(soest, people, "closed"), []
    monkeypatch.setattr(announcements.speech, "spoken", lambda text: text.encode())
    said = reading.said_of(ServiceCentre(pk=soest.centre_id))
    with of(soest):
        announcing.remove_announcement(made, acting_user=people["admin"])
    announcements.make(Folder(tmp_path), said, reading.audio_of, told.append)
    assert told == ["Die Ansage „soest, geschlossen“ fehlt: Die Aufnahme gibt es nicht mehr."]
    path = announcements.there(Folder(tmp_path), said)["soest", "closed"]
    assert (tmp_path / f"{path}.wav").read_bytes() == b"Wir sind zu."


def test_what_was_changed_in_the_database_by_hand_is_not_played(soest, people):
    made = record(soest, people, "closed")
    with of(soest):
        type(made).objects.update(audio=b"RIFF")
    with scope.telephony(), transaction.atomic(), pytest.raises(Refusal, match="beschädigt"):
        reading.audio_of(("soest", "closed"))


def test_the_bridge_and_the_exchanges_files_give_a_text_one_name():
    name = announcements.name_of_text("Guten  Tag.\n")
    assert name == announcements.name_of_text("Guten Tag.") == hashlib.sha256(b"Guten Tag.").hexdigest()[:24]


@pytest.mark.parametrize(("sounds", "said"), [([], ["bridge.mute"]), (["--sounds", "/somewhere"], [])])
def test_a_bridge_without_a_folder_of_sounds_says_at_its_start_that_nobody_hears_anything(monkeypatch, sounds, said):
    warned = []
    monkeypatch.setattr(services, "_linked", lambda *_given, **_more: None)
    monkeypatch.setattr("telephony_bridge.bridge.run", lambda **_given: None)
    monkeypatch.setattr(services.log, "warning", lambda event, **_more: warned.append(event), raising=False)
    done = CliRunner().invoke(services.bridge, ["--asterisk", "http://127.0.0.1:1", *sounds], catch_exceptions=False)
    assert (done.exit_code, warned) == (0, said)
