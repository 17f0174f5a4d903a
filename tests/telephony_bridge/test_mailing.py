"""A letter that the mail server does not take is tried again, later and later; whoever is killed meanwhile loses one at most."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from telephony_bridge import actions
from telephony_bridge.actions import mailing
from telephony_bridge.handover_models import Handover
from tenants import scope

TRIED = (0, 2, 6, 14, 30, 62, 126, 254, 510)  # minutes


def run():
    with scope.worker():
        return actions.mail_handovers()


@pytest.fixture
def server(monkeypatch):
    """`server.fails`: what it raises for the next letters."""

    class Server:
        def __init__(self):
            self.fails, self.asked, self.real = None, [], mail.EmailMessage.send

        def send(self, letter):
            self.asked.append(letter.to[0])
            if self.fails:
                raise self.fails
            return self.real(letter)

    made = Server()
    monkeypatch.setattr(mail.EmailMessage, "send", lambda letter: made.send(letter))  # noqa: PLW0108  bound to the letter
    return made


def test_a_mail_server_that_is_away_is_asked_again_after_longer_and_longer(card, server):
    server.fails = ConnectionRefusedError("nobody there")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        card("amt@stadt.example")
        asked, began = [], timezone.now()
        for minute in sorted(
            moment - before for moment in (*TRIED, 719, 1022, 1100) for before in (0, 0, 1) if moment >= before
        ):
            clock.move_to(began + timedelta(minutes=minute))
            run()
            asked += [minute] * (len(server.asked) - len(asked))
    assert asked == list(TRIED)
    assert len(asked) == mailing.TRIES


def test_whom_it_was_away_for_gets_the_letter_when_it_is_back(card, server):
    server.fails = ConnectionRefusedError("nobody there")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        card("amt@stadt.example")
        assert run() == 0
        server.fails = None
        clock.shift(mailing.PAUSE - timedelta(seconds=1))
        assert run() == 0
        clock.shift(timedelta(seconds=1))
        assert (run(), run()) == (1, 0)
    assert [letter.to for letter in mail.outbox] == [["amt@stadt.example"]]


def test_after_a_day_without_us_the_tries_are_not_spent_in_one_run(card, server):
    server.fails = ConnectionRefusedError("nobody there")
    long_ago = timezone.now() - timedelta(hours=11)
    held = [card(f"amt{n}@stadt.example", at=long_ago, state_at=long_ago) for n in range(2)]
    run()
    assert server.asked == [one.email for one in held]


def test_whoever_is_killed_while_sending_loses_one_letter(card, server):
    held = [card(f"amt{n}@stadt.example") for n in range(3)]
    server.fails = SystemExit()
    with pytest.raises(SystemExit):
        run()
    with scope.owner():
        marked = Handover.objects.filter(mailed_at__isnull=False).values_list("pk", flat=True)
        assert list(marked) == [held[0].pk]
    server.fails = None
    assert run() == 2
    assert [letter.to for letter in mail.outbox] == [[one.email] for one in held[1:]]


def test_a_run_ends(card, server, monkeypatch):
    monkeypatch.setattr(mailing, "BATCH", 2)
    for n in range(3):
        card(f"amt{n}@stadt.example")
    assert (run(), run(), run()) == (2, 1, 0)
