"""Announcements: whatever is sent becomes what telephones need, or a sentence; nothing that is sent can hurt."""

import io
import math
import os
import random
import struct
import subprocess
import sys
import wave
from array import array
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_bridge.asterisk import decoding, sounds, speech
from tenants.errors import Refusal

MP3 = Path(__file__).parent / "sounds" / "tone.mp3"  # a second of 440 Hz


def wav(hertz=440.0, seconds=1.0, *, rate=44100, channels=2, amplitude=8000):
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        at = (int(amplitude * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(rate * seconds)))
        file.writeframes(b"".join(struct.pack("<h", sample) * channels for sample in at))
    return target.getvalue()


def heard(data):
    """(seconds, hertz, peak) of a wav that must be as telephones need it."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        samples = array("h", file.readframes(file.getnframes()))
    rises = sum(earlier < 0 <= later for earlier, later in pairwise(samples))
    seconds = len(samples) / 8000
    return seconds, rises / seconds, max(map(abs, samples)) / 32768


@pytest.mark.parametrize("data", [wav(), wav(rate=8000, channels=1), wav(rate=48000), MP3.read_bytes()])
def test_what_people_record_becomes_what_telephones_need(data):
    seconds, hertz, peak = heard(speech.converted(data))
    assert seconds == pytest.approx(1, abs=0.15)
    assert hertz == pytest.approx(440, rel=0.15)
    assert peak == pytest.approx(decoding.LOUDEST, abs=0.06)


def test_a_quiet_recording_is_made_louder_but_not_without_end():
    assert heard(speech.converted(wav(amplitude=1500)))[2] == pytest.approx(1500 / 32768 * decoding.MOST_GAIN, abs=0.03)


def test_what_telephones_cannot_carry_does_not_come_back_as_another_tone():
    with pytest.raises(Refusal, match="nichts zu hören"):
        heard(speech.converted(wav(15000, amplitude=2000)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "keine Audiodatei"),
        (b"%PDF-1.7", "keine Audiodatei"),
        (b"RIFF", "keine Audiodatei"),
        (
            b"RIFF\x20\x00\x00\x00AVI LIST" + MP3.read_bytes(),
            "keine Audiodatei",
        ),  # a video with sound that could be read
        (b"RIFF\x20\x00\x00\x00WAVEfmt " + bytes(2000), "keine Audiodatei"),
        (b"\x1aE\xdf\xa3" + bytes(2000), "keine Audiodatei"),
        (b"fLaC" + bytes(2000), "keine Audiodatei"),
        (b"ID3" + bytes(100), "keine Audiodatei"),
        (wav()[:60], "kürzer als|keine Audiodatei"),
        (wav(seconds=0.1), "kürzer als"),
        (wav(seconds=121, rate=8000, channels=1), "länger als 120 Sekunden"),
        (MP3.read_bytes() * 2000, "länger als 120 Sekunden"),  # much sound in few bytes
        (wav(amplitude=0), "nichts zu hören"),
        (b"RIFF" + bytes(speech.BIGGEST), "größer als 10 MB"),
    ],
)
def test_what_is_no_announcement_is_refused_in_a_sentence(data, said):
    with pytest.raises(Refusal, match=said):
        speech.converted(data)


def hours_of_wav():
    """A sample a second."""
    data = bytearray(wav(seconds=30, channels=1))
    data[24:32] = struct.pack("<II", 1, 2)
    return bytes(data)


LIMITED = (
    "import sys; from telephony_bridge.asterisk import decoding; decoding.MEMORY = 1 << 28; sys.exit(decoding.main())"
)


@pytest.mark.parametrize(
    "data", [(bytes.fromhex("fff314c4") + bytes(20)) * 400_000, hours_of_wav()], ids=["mp3", "wav"]
)
def test_hours_of_sound_are_not_decoded_to_be_refused(data):
    """In memory in which all of it would have no room."""
    done = subprocess.run([sys.executable, "-c", LIMITED], input=data, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (decoding.Outcome.TOO_LONG, b"")


def test_nothing_that_is_sent_gives_more_than_a_sentence():
    chance = random.Random(7)
    whole = [wav(seconds=0.3, rate=8000), MP3.read_bytes()]
    for _ in range(20):
        data = bytearray(chance.choice(whole))
        for _change in range(chance.randrange(1, 40)):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        with suppress(Refusal):
            assert heard(speech.converted(bytes(data[: chance.randrange(60, len(data))])))[0] < 10


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from([b"RIFF\xff\xff\xff\xffWAVE", b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00", *speech.HEADS]),
    st.binary(max_size=3000),
)
def test_whatever_follows_a_good_begin_is_audio_or_refused(head, rest):
    with suppress(Refusal):
        assert heard(speech.converted(head + rest))[0] <= decoding.LONGEST


def test_a_decoder_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(speech, "PATIENCE", 0.001)
    with pytest.raises(Refusal, match="keine Audiodatei"):
        speech.converted(wav())
    monkeypatch.undo()
    assert heard(speech.converted(wav(seconds=0.3)))  # its turn was given back


def test_a_header_that_promises_everything_is_no_danger():
    data = bytearray(wav(seconds=0.3, rate=8000, channels=1))
    data[4:8] = data[40:44] = b"\xff\xff\xff\x7f"
    with suppress(Refusal):
        assert heard(speech.converted(bytes(data)))[0] < 1


@pytest.fixture(scope="module")
def voice():
    try:
        speech.spoken("eins")
    except Refusal as refusal:
        if os.environ.get("CI"):
            pytest.fail(str(refusal))
        pytest.skip(str(refusal))


def test_a_text_is_spoken_and_a_longer_one_takes_longer(voice):
    short, _hertz, peak = heard(speech.spoken("Guten Tag."))
    longer, _hertz, _peak = heard(
        speech.spoken("Guten Tag. Sie rufen außerhalb der Öffnungszeiten an. Wir sind morgen ab acht Uhr wieder da.")
    )
    assert 0.4 < short < 3 < longer < 12
    assert peak > 0.3


@pytest.mark.parametrize(
    "text",
    ["$(touch /tmp/x); `id`", "-f /etc/passwd", "<speak><audio src='/etc/passwd'/></speak>", "[[h@l'oU]]", "x\0y"],
)
def test_a_text_is_only_ever_spoken(voice, text):
    assert 0.2 < heard(speech.spoken(text))[0] < 20


@pytest.mark.parametrize(
    ("text", "said"), [("", "leerer Text"), ("  … ", "leerer Text"), ("x " * 600, "länger als 1000")]
)
def test_what_is_no_text_is_refused(text, said):
    with pytest.raises(Refusal, match=said):
        speech.spoken(text)


def test_a_machine_without_a_voice_says_so(monkeypatch):
    def missing(*_arguments, **_options):
        raise Refusal("Asterisk lässt sich nur unter Debian holen: apt-get fehlt.")

    monkeypatch.setattr(speech.shutil, "which", lambda _name: None)
    monkeypatch.setattr(speech.packages, "unpacked", missing)
    with pytest.raises(Refusal, match="Debian"):
        speech.spoken("Guten Tag.")


def test_the_decoder_is_a_program_of_its_own_without_django():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "telephony_bridge.asterisk.decoding"],
        input=b"",
        capture_output=True,
        check=False,
    )
    assert done.returncode == decoding.Outcome.UNREADABLE
    assert b"django" not in done.stderr


def test_who_waits_hears_soft_notes_and_a_pause():
    heard_bytes = sounds.chimes()
    assert len(heard_bytes) == int(6.6 * 8000)
    assert set(heard_bytes[-3 * 8000 :]) == {0xD5}  # silence in A-law
    assert len(set(heard_bytes[: 3 * 8000])) > 100
