"""Old lines of the outbox are forgotten once everybody has passed them; numbers go on, and no gap is left in what stays."""

import pytest
from django.db import connection, transaction

from knowledge import tasks
from knowledge.pool import feeding, pruning
from knowledge.pool.index_models import IndexBuild, IndexPosition
from tenants import events, scope
from tenants.models import OutboxEntry

SET_UP = {"hosts": ["http://127.0.0.1:9"]}


@pytest.fixture
def line(db):
    """line("m:1", days=31) -> the number of a new line that is so old."""

    def write(stream, *, days=31):
        with scope.owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT public.append_to_stream(%s, 'article', 'hund', 'put')", [stream])
            (number,) = cursor.fetchone()
            cursor.execute(
                "UPDATE public.tenants_outboxentry SET at = at - make_interval(days => %s) WHERE stream = %s AND number = %s",
                [days, stream, number],
            )
        return number

    return write


@pytest.fixture
def stream(soest):
    return f"m:{soest.pk}"


def numbers(stream):
    with scope.worker():
        return list(OutboxEntry.objects.filter(stream=stream).order_by("number").values_list("number", flat=True))


def index_at(name, **positions):
    """An index that was told so much."""
    with scope.worker(), transaction.atomic():
        IndexBuild.objects.create(index=name)
        for place, number in positions.values():
            IndexPosition.objects.create(index=name, municipality=place, number=number)


def test_the_newest_line_of_each_stream_stays_and_numbers_go_on(line, stream, kreis):
    for name in (stream, "c:1", f"m:{kreis.pk}"):
        assert [line(name) for _ in range(3)] == [1, 2, 3]
    assert tasks.prune_outbox(0) == 6
    assert (numbers(stream), numbers("c:1"), numbers(f"m:{kreis.pk}")) == ([3], [3], [3])
    with scope.worker():
        assert events.newest([stream, "c:1", "c:2"]) == {stream: 3, "c:1": 3, "c:2": 0}
    assert line(stream) == 4
    assert tasks.prune_outbox(0) == 1
    assert tasks.prune_outbox(0) == 0


def test_what_is_younger_stays_and_so_does_what_comes_after_it(line, stream, settings):
    for days in (40, 31, 29, 31, 1):  # a long transaction is older than its number says
        line(stream, days=days)
    assert tasks.prune_outbox(0) == 2
    assert numbers(stream) == [3, 4, 5]
    settings.RUFVERBUND_OUTBOX_DAYS = 2
    assert tasks.prune_outbox(0) == 2
    assert numbers(stream) == [5]


def test_it_is_done_in_pieces(line, stream, monkeypatch):
    monkeypatch.setattr(pruning, "PIECE", 2)
    for _ in range(8):
        line(stream)
    deleted = []
    with scope.worker(), connection.execute_wrapper(lambda go, *said: deleted.append(said[0]) or go(*said)):
        assert pruning.prune() == 7
    assert len([statement for statement in deleted if statement == pruning.FORGET]) == 4
    assert numbers(stream) == [8]


def test_it_waits_for_each_index_of_opensearch(line, stream, soest, kreis, settings):
    settings.OPENSEARCH = SET_UP
    other = f"m:{kreis.pk}"
    for name in (stream, other, "c:1"):
        for _ in range(5):
            line(name)
    index_at("a", soest=(soest, 4), kreis=(kreis, 5))
    index_at("b", soest=(soest, 2))
    assert tasks.prune_outbox(0) == 2 + 4
    assert (numbers(stream), numbers(other), numbers("c:1")) == ([3, 4, 5], [1, 2, 3, 4, 5], [5])
    with scope.worker():
        assert feeding.missed("a") == feeding.missed("b") == []
        feeding.forget("b")
    assert tasks.prune_outbox(0) == 2 + 4
    assert (numbers(stream), numbers(other)) == ([5], [5])


def test_an_index_of_an_opensearch_that_is_no_longer_set_up_holds_up_nothing_and_is_known_to_have_missed_something(
    line, stream, soest, settings
):
    settings.OPENSEARCH = None
    for _ in range(5):
        line(stream)
    index_at("a", soest=(soest, 2))
    index_at("b", soest=(soest, 4))
    index_at("c")
    assert tasks.prune_outbox(0) == 4
    with scope.worker():
        assert (feeding.missed("a"), feeding.missed("b"), feeding.missed("c")) == ([soest.pk], [], [soest.pk])


def test_an_index_that_has_missed_lines_is_behind_at_once(line, stream, soest):
    index_at("a", soest=(soest, 1))
    with scope.worker():
        IndexBuild.objects.update(filled_at="2026-01-01T00:00Z")
    for _ in range(4):
        line(stream)
    line(stream, days=0)
    assert is_behind("a", soest)
    with scope.worker():
        IndexPosition.objects.update(number=4)
    assert not is_behind("a", soest)  # what is left to tell is a moment old
    assert tasks.prune_outbox(0) == 4
    assert not is_behind("a", soest)
    with scope.worker():
        IndexPosition.objects.update(number=3)
    assert is_behind("a", soest)


def is_behind(name, place):
    with scope.worker(), connection.cursor() as cursor:
        cursor.execute("SELECT public.index_is_behind(%s, %s)", [name, [place.pk]])
        return cursor.fetchone()[0]


def test_the_database_lets_the_worker_forget_nothing_of_the_last_day(line, stream):
    line(stream, days=2)
    line(stream, days=0)
    with scope.worker(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.tenants_outboxentry")
    assert numbers(stream) == [2]
