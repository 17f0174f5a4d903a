"""How searches of the desk ended: kept without saying whose they were, and forgotten in time (docs/adr/0100)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from knowledge.pool.models import HeldWord, LoggedSearch, SearchEntry
from knowledge.search import postgres, privacy
from knowledge.search.folding import fold
from knowledge.search.vocabulary import Noted, Wanted
from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.models import Municipality

HOURS = 3  # in how many different hours a word that nobody knows must have been typed until it is kept
MOST_HITS = 50
# No RETURNING: the desk may not read what it writes.
INSERT = """INSERT INTO public.pool_loggedsearch (municipality_id, hour, words, hits, outcome, place, entry, entry_title, settled)
VALUES (%s, date_trunc('hour', now()), %s, %s, %s, %s, %s, %s, '')"""


def record_search(
    municipality: Municipality, typed: str, *, hits: int, place: int | None = None, entry: SearchEntry | None = None
) -> None:
    """How a search for a called municipality ended (desk scope). `entry` is the one that was opened, `place` where it stood in its list;
    without a place, it was opened by other words of the same call. Nobody acts by name: who searched is not kept."""
    outcome = "chosen" if entry and place else "abandoned" if hits else "nothing"
    with transaction.atomic(), connection.cursor() as cursor:
        values = [
            outcome,
            place if outcome == "chosen" else None,
            entry.id_text if entry else "",
            entry.title if entry else "",
        ]
        cursor.execute(INSERT, [municipality.pk, kept_words(municipality, typed), min(hits, MOST_HITS), *values])


def kept_words(municipality: Municipality, typed: str) -> str:
    """What is kept of the words."""
    noted = Noted()
    parts = {part for word in privacy.readable(typed) for part in privacy.parts(word) if not privacy.is_listed(part)}
    noted.wanted = Wanted({lexeme for part in parts for lexeme in privacy.lexemes(part)})
    if noted.wanted:
        postgres.fetch(noted)
    return privacy.kept(typed, lambda word: privacy.is_known(word, noted), _frequent_in(municipality))


def _frequent_in(municipality: Municipality) -> Callable[[str], bool]:
    def frequent(word: str) -> bool:
        digest = salted_hmac("knowledge.held-word", f"{municipality.pk} {fold(word)}", algorithm="sha256").hexdigest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT public.hold_word(%s, %s, now())", [municipality.pk, digest])
            return int(cursor.fetchone()[0]) >= HOURS

    return frequent


def forget_searches(*, acting_user: Actor = SYSTEM, now: datetime | None = None) -> int:
    """Delete what is older than RUFVERBUND_SEARCHES_DAYS (worker scope); returns how many searches there were."""
    before = (now or timezone.now()) - timedelta(days=settings.RUFVERBUND_SEARCHES_DAYS)
    with transaction.atomic():
        words, _kinds = HeldWord.objects.filter(hour__lt=before).delete()
        searches, _kinds = LoggedSearch.objects.filter(hour__lt=before).delete()
        if words or searches:
            audit.record(
                "forget_searches", ("loggedsearch", "", ""), acting_user=acting_user, after={"searches": searches}
            )
    return searches
